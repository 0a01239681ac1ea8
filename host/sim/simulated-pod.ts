import { renameSync } from "node:fs";
import { AppError } from "../errors.ts";
import { listenSim } from "./base/listen.ts";
import { PASSWORD, USERNAME } from "./base/sim.ts";
import { createPodmSim, type PodmSim } from "./podm.ts";

export interface SimulatedPod {
  /** On loopback; another one each time. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  close(): Promise<void>;
}

/**
 * The pod manager that a service without hardware of its own begins with. Nodes that were composed are there again after a
 * restart. A state file that cannot be used is put aside, and said in the log.
 */
export async function openSimulatedPod(options: {
  /** Null: it is forgotten with the process. */
  readonly stateFile: string | null;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}): Promise<SimulatedPod> {
  const sim = opened(options.stateFile, options.log);
  const { url, close } = await listenSim(sim.app);
  return {
    url,
    username: USERNAME,
    password: PASSWORD,
    async close() {
      sim.close();
      await close();
    },
  };
}

function opened(stateFile: string | null, log: (message: string, details: Record<string, unknown>) => void): PodmSim {
  if (stateFile === null) return createPodmSim();
  try {
    return createPodmSim({ stateFile });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "file.invalid") throw error;
    const aside = `${stateFile}.unusable`;
    renameSync(stateFile, aside);
    log("the simulated pod begins anew", { reason: error.message, kept: aside });
    return createPodmSim({ stateFile });
  }
}
