// Why each VM of a plan stands where it does, decoded from the core's accounts.

import {
  ACCOUNT_ALLOWED,
  ACCOUNT_CHOSEN,
  ACCOUNT_REFUSED,
  ACCOUNT_RUNNER_UP,
  ACCOUNT_WORDS,
  CHOICE_ACTIVATED,
  CHOICE_LEFT,
  CHOICE_RACKS,
  CHOICE_RESERVED,
  CHOICE_ROW,
  CHOICE_TOUCHED,
  NONE,
} from "../../assembly/abi.ts";
import type { Rule } from "./catalogue.ts";
import type { Application, Choice, Explanation } from "./model.ts";

/** `accounts`: ACCOUNT_WORDS for each VM of the application. */
export function decodeExplanation(
  accounts: Int32Array,
  application: Application,
  rules: readonly Rule[],
  hostAt: (row: number) => string,
): Explanation {
  const choiceAt = (words: Int32Array, at: number): Choice => ({
    host: hostAt(words[at + CHOICE_ROW]!),
    adds: {
      hosts_activated: words[at + CHOICE_ACTIVATED]!,
      reserved_bw_mbps: long(words, at + CHOICE_RESERVED) / 1000,
      hosts_touched: words[at + CHOICE_TOUCHED]!,
      racks_touched: words[at + CHOICE_RACKS]!,
      left_bp: long(words, at + CHOICE_LEFT),
    },
  });
  const accountOf = (i: number): Explanation[string] => {
    const words = accounts.subarray(i * ACCOUNT_WORDS, (i + 1) * ACCOUNT_WORDS);
    const counts = rules.map((rule, row) => [rule.name, words[ACCOUNT_REFUSED + row]!] as const);
    return {
      refused: Object.fromEntries(counts.filter(([, count]) => count > 0)),
      allowed: words[ACCOUNT_ALLOWED]!,
      chosen: choiceAt(words, ACCOUNT_CHOSEN),
      runner_up: words[ACCOUNT_RUNNER_UP + CHOICE_ROW] === NONE ? null : choiceAt(words, ACCOUNT_RUNNER_UP),
    };
  };
  return Object.fromEntries(application.vms.map((vm, i) => [vm.name, accountOf(i)]));
}

/** Two words, the lower first. */
function long(words: Int32Array, at: number): number {
  return words[at + 1]! * 2 ** 32 + (words[at]! >>> 0);
}
