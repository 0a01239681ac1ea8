import type { ProblemFile } from "../../host/core/problem-schema.ts";

export interface Score {
  valid: boolean;
  placed: number;
  vms: number;
  hosts_activated: number;
  reserved_bw_mbps: number;
  hosts_touched: number;
  racks_touched: number;
  left_bp: number;
  violations: string[];
}

export function problemFaults(problem: ProblemFile): string[];
export function score(problem: ProblemFile, placements: Readonly<Record<string, string>>): Score;
export function claims(result: { objective?: object; bound?: object }, seen: Score): string[];
