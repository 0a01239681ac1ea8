import { describe, expect, test } from "vitest";
import { History } from "../../../host/simulate/history.ts";

const sample = (time: number, hosts: number) => ({
  time,
  vcpus: 0,
  ram: 0,
  disk: 0,
  hosts,
  leastHosts: 0,
  refused: 0,
});

describe("History", () => {
  test("the mean is over time, not over events", () => {
    const history = new History();
    for (const [time, hosts] of [
      [100, 4],
      [190, 10],
      [190, 20],
      [200, 0],
    ] as const)
      history.add(sample(time, hosts));
    expect(history.level("hosts")).toEqual({ mean: (90 * 4 + 10 * 20) / 100, peak: 20, end: 0 });
  });

  test("of a long trace few samples are kept, spread over all of it, the last among them; mean and peak stay exact", () => {
    const history = new History();
    const events = 100_000;
    for (let i = 0; i < events; i++) history.add(sample(i, i % 7 === 3 ? 1 : 0));
    const times = history.samples.map(({ time }) => time);
    expect(times.length).toBeLessThan(2_100);
    expect([times[0], times.at(-1)]).toEqual([0, events - 1]);
    const gaps = times.slice(1, -1).map((time, i) => time - times[i]!);
    expect(new Set(gaps).size).toBe(1);
    expect(history.level("hosts").mean).toBeCloseTo(1 / 7, 4);
    expect(history.level("hosts").peak).toBe(1);
  });

  test("a trace of one moment has that moment's levels", () => {
    const history = new History();
    history.add(sample(5, 3));
    expect([history.seconds, history.level("hosts")]).toEqual([0, { mean: 3, peak: 3, end: 3 }]);
  });
});
