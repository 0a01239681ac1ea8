import type { DataCenter } from "../core/model.ts";
import { readProblemFile } from "../core/problem.ts";
import { simulatedDataCenter } from "../core/simulated.ts";

/** Where a command plans when nothing else is said. */
export const DATA_CENTER = "sim:4x16";

/** `sim:RACKSxHOSTS`, or the data center of a problem file. @throws AppError config.invalid, file.invalid */
export async function readDataCenter(name: string): Promise<DataCenter> {
  if (name.startsWith("sim:")) return simulatedDataCenter(name);
  const { dataCenter } = await readProblemFile(name);
  // A file without flavors describes the hosts only; the usual sizes will do.
  return dataCenter.flavors.length > 0
    ? dataCenter
    : { ...dataCenter, flavors: simulatedDataCenter("sim:1x1").flavors };
}
