// Result words -> a plan or a refusal in names.

import {
  RESULT_ACTIVATED,
  RESULT_ATTEMPTS,
  RESULT_BLOCKS,
  RESULT_BOUND_ACTIVATED,
  RESULT_BOUND_RACKS,
  RESULT_BOUND_RESERVED,
  RESULT_BOUND_TOUCHED,
  RESULT_HOSTS,
  RESULT_LEFT,
  RESULT_MOVES,
  RESULT_PLACED_BEFORE,
  RESULT_PROVEN,
  RESULT_RACKS,
  RESULT_REFUSED,
  RESULT_REFUSED_RULE,
  RESULT_REFUSED_VM,
  RESULT_RESERVED,
  RESULT_STATUS,
  RESULT_TOUCHED,
  STATUS_PLACED,
} from "../../assembly/abi.ts";
import type { Rule } from "./catalogue.ts";
import { certificateOf } from "./certificate.ts";
import type { Application, Plan, Refusal } from "./model.ts";
import type { SolveAnswer } from "./session.ts";

/** The core counts bandwidth in kbit/s, the problem format in Mbit/s. */
const KBPS_PER_MBPS = 1000;

export function decode(
  { result, searchMs, refutation }: SolveAnswer,
  version: number,
  application: Application,
  rules: readonly Rule[],
  hostAt: (row: number) => string,
): Plan | Refusal {
  const word = (at: number) => result[at]!;
  const wide = (at: number) => word(at + 1) * 2 ** 32 + (word(at) >>> 0);
  const stats = {
    attempts: word(RESULT_ATTEMPTS),
    blocks_visited: word(RESULT_BLOCKS),
    moves: word(RESULT_MOVES),
  };
  if (word(RESULT_STATUS) === STATUS_PLACED) {
    return {
      ok: true,
      placements: Object.fromEntries(application.vms.map((vm, i) => [vm.name, hostAt(word(RESULT_HOSTS + i))])),
      objective: {
        hosts_activated: word(RESULT_ACTIVATED),
        reserved_bw_mbps: wide(RESULT_RESERVED) / KBPS_PER_MBPS,
        hosts_touched: word(RESULT_TOUCHED),
        racks_touched: word(RESULT_RACKS),
        left_bp: wide(RESULT_LEFT),
      },
      bound: {
        hosts_activated: word(RESULT_BOUND_ACTIVATED),
        reserved_bw_mbps: wide(RESULT_BOUND_RESERVED) / KBPS_PER_MBPS,
        hosts_touched: word(RESULT_BOUND_TOUCHED),
        racks_touched: word(RESULT_BOUND_RACKS),
      },
      optimal: word(RESULT_PROVEN) === 1,
      version,
      stats,
      searchMs,
    };
  }
  // No rule emptied the list if there was no host in it: then none is available.
  const rule = rules[Math.max(0, word(RESULT_REFUSED_RULE))]!;
  const vm = application.vms[word(RESULT_REFUSED_VM)]!.name;
  const placedBefore = word(RESULT_PLACED_BEFORE);
  const counts = rules
    .map((each, row) => ({ each, count: word(RESULT_REFUSED + row) }))
    .filter(({ count }) => count > 0);
  const hosts = counts.reduce((sum, { count }) => sum + count, 0);
  const list = counts.map(({ each, count }) => `${each.text} ${count}`).join(", ");
  const by = counts.length > 0 ? ` (refused by ${list})` : "";
  const after = placedBefore > 0 ? ` after ${placedBefore} of ${application.vms.length} VMs were placed` : "";
  const proven = word(RESULT_PROVEN) === 1;
  const verdict = proven ? "proven impossible" : "gave up within the budget or deadline";
  return {
    ok: false,
    proven,
    certificate: refutation === undefined ? null : certificateOf(refutation, application, hostAt),
    rule: rule.name,
    vm,
    refused: Object.fromEntries(counts.map(({ each, count }) => [each.name, count])),
    placedBefore,
    reason: `violate ${rule.text} constraint for node = ${vm}: none of ${hosts} hosts is left${after}${by}; ${verdict}`,
    version,
    stats,
    searchMs,
  };
}
