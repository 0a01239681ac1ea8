// What a search pays for each move that it takes back.

import { undo as cases } from "../cases/undo.ts";
import type { Goal } from "../goal.ts";
import { measure } from "../measure.ts";

const TIME_MS = 500;
const NS_PER_MS = 1e6;

export const undo: Goal = {
  name: "undo",
  async measure() {
    const open = await cases[0]!.open("full");
    try {
      await open.verify();
      const { p50 } = await measure(open, TIME_MS);
      return [
        {
          what: "a placement and its undo",
          value: p50 * NS_PER_MS,
          unit: "ns",
          basis: "measured",
          goal: { atMost: 100 },
        },
      ];
    } finally {
      await open.close();
    }
  },
};
