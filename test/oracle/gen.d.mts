import type { ProblemFile } from "../../host/core/problem-schema.ts";

export interface GenerateOptions {
  /** How full the hosts are on average, 0 to about 1. Default 0.6; 0: all hosts empty. */
  load?: number;
  /** Hosts in a rack, `LOW-HIGH`. Default `16-40`. */
  rack?: string;
  /** Racks are dealt to this many clusters. Default 0: no clusters. */
  clusters?: number;
  /** Pipes for each VM. Default 0. */
  pipes?: number;
}

export type GeneratedProblem = ProblemFile & { app: NonNullable<ProblemFile["app"]> };

export function generate(hostCount: number, vmCount: number, seed: number, options?: GenerateOptions): GeneratedProblem;
