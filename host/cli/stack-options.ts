import { Option } from "commander";
import { DATA_CENTER } from "./data-center.ts";

import type { SearchOptions } from "./plan-solve.ts";

export interface StackOptions extends SearchOptions {
  readonly json?: boolean;
  readonly explain?: boolean;
  /** File that the proof of a refusal is written to. */
  readonly certificate?: string;
  /** `sim:RACKSxHOSTS` or a data-center file. */
  readonly datacenter?: string;
  /** `NAME=VALUE` each. */
  readonly parameter?: readonly string[];
  /** `NAME:TYPE:LEVEL` each. */
  readonly group?: readonly string[];
}

/** Options of `ostro plan` that only a Heat template takes. */
export function stackOptions(): Option[] {
  const gather = (text: string, before: readonly string[] = []) => [...before, text];
  return [
    new Option("--parameter <name=value>", "a parameter of the template (repeatable)").argParser(gather),
    new Option("--group <name:type:level>", "a named group the template refers to (repeatable)").argParser(gather),
    new Option("--datacenter <name>", `sim:RACKSxHOSTS or FILE.json (default: ${DATA_CENTER})`),
  ];
}
