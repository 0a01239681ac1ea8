import { classDisk, classRam, classVcpus, freeDisk, freeRam, freeVcpus, hostClass } from "../inventory";
import { get } from "../lib/arena";
import { needDisk, needRam, needVcpus } from "../units";

/** Leftover of the host after the unit, as a fraction of its capacity summed over the resources: smaller is tighter. */
export function fit(unit: i32, row: i32): f32 {
  const hardware = get(hostClass, row);
  return (
    <f32>(get(freeVcpus, row) - get(needVcpus, unit)) / <f32>max(1, get(classVcpus, hardware)) +
    <f32>(get(freeRam, row) - get(needRam, unit)) / <f32>max(1, get(classRam, hardware)) +
    <f32>(get(freeDisk, row) - get(needDisk, unit)) / <f32>max(1, get(classDisk, hardware))
  );
}
