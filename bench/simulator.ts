// Simulated hardware in a process of its own, as pod managers are.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { inRepository } from "./paths.ts";

export interface Simulator {
  readonly url: string;
  stop(): Promise<void>;
}

/** `ostro sim KIND` on any free port, for anybody. */
export async function startSimulator(kind: "podm" | "eem", options: readonly string[]): Promise<Simulator> {
  const args = [inRepository("dist/host/cli.js"), "sim", kind, "--port", "0", "--anonymous", ...options];
  const sim: ChildProcess = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(sim.stdout!), "line")) as [string];
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`the simulator said ${line}`);
  const stop = async () => {
    sim.kill();
    await once(sim, "exit");
  };
  return { url, stop };
}
