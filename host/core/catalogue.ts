// What the core can do, in its own words.

import type { CoreExports } from "./load.ts";

export interface Rule {
  /** Stable name, e.g. "vcpu-capacity". */
  readonly name: string;
  /** As it is called in a refusal, e.g. "cpu capacity". */
  readonly text: string;
}

/** The rules in the order in which a refusal counts them; the index is the rule's row inside this build. */
export function catalogueOf(core: CoreExports): readonly Rule[] {
  return Array.from({ length: core.ruleCount() }, (_, row) => {
    const at = core.ruleSpec(row);
    const bytes = new Uint32Array(core.memory.buffer, at - 4, 1)[0]!;
    return JSON.parse(Buffer.from(core.memory.buffer, at, bytes).toString("utf16le")) as Rule;
  });
}
