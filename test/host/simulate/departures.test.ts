import fc from "fast-check";
import { expect, test } from "vitest";
import { Departures } from "../../../host/simulate/departures.ts";
import { propertySeed } from "../../support/property-seed.ts";

test("VMs leave in order of time, those of equal time in the order in which they came, and none too early", () => {
  const step = fc.oneof(fc.record({ add: fc.nat(20) }), fc.record({ until: fc.nat(20) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const departures = new Departures();
      let waiting: { time: number; id: string }[] = [];
      for (const [i, each] of steps.entries()) {
        if ("add" in each) {
          departures.add(each.add, `vm${i}`);
          waiting.push({ time: each.add, id: `vm${i}` });
          continue;
        }
        const left: string[] = [];
        for (let next = departures.next(each.until); next; next = departures.next(each.until)) left.push(next.id);
        // Sorting keeps the order of equals.
        const due = waiting.filter(({ time }) => time <= each.until).sort((a, b) => a.time - b.time);
        waiting = waiting.filter(({ time }) => time > each.until);
        expect(left).toEqual(due.map(({ id }) => id));
      }
    }),
    { seed: propertySeed },
  );
});
