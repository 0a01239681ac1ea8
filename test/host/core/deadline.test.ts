import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { clockMs, Deadline, ReturnTime } from "../../../host/core/deadline.ts";

// The clock stands still between two `pass`es.
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());
const pass = (ms: number) => vi.advanceTimersByTime(ms);

/** Steps of these lengths, ms; the number of those that were begun. */
function stepsBegun(deadline: Deadline, lengths: readonly number[]): number {
  for (const [begun, ms] of lengths.entries()) {
    if (deadline.isNear) return begun;
    pass(ms);
  }
  return lengths.length;
}

describe("a deadline", () => {
  it("begins no step that ends late if it takes as long as the longest one before", () => {
    const deadline = new Deadline();
    deadline.start(clockMs() + 10);
    // Capped at 0.7 ms: a step of 3 ms is not waited for again.
    expect(stepsBegun(deadline, [3, 3, 3, 3, 3])).toBe(4);
  });

  it("remembers long steps of the solve before, and forgets them in time", () => {
    const deadline = new Deadline();
    deadline.start(clockMs() + 2);
    stepsBegun(deadline, [1]);
    expect(deadline.isNear).toBe(false);
    deadline.start(clockMs() + 0.5);
    expect(deadline.isNear).toBe(true);
    for (let solves = 0; solves < 20; solves++) deadline.start(clockMs() + 0.5);
    expect(deadline.isNear).toBe(false);
  });

  it("asks for less work near the end, and always for the same where there is no end", () => {
    const deadline = new Deadline();
    deadline.start(clockMs() + 3);
    expect(deadline.isNear).toBe(false);
    pass(1);
    expect(deadline.isNear).toBe(false);
    expect(deadline.slice).toBe(16);
    deadline.start(undefined);
    pass(100);
    expect(deadline.isNear).toBe(false);
    expect(deadline.slice).toBe(64);
  });
});

describe("the way back of an answer", () => {
  const allowed = (returning: ReturnTime, deadlineMs = 8) => deadlineMs - returning.before(deadlineMs, deadlineMs);

  it("is allowed what the slowest one of late took, within limits", () => {
    const returning = new ReturnTime();
    expect(allowed(returning)).toBeCloseTo(0.3);
    returning.note(clockMs() - 0.5);
    expect(allowed(returning)).toBeCloseTo(0.5);
    returning.note(clockMs() - 50);
    expect(allowed(returning)).toBeCloseTo(1);
    for (let answers = 0; answers < 100; answers++) returning.note(clockMs());
    expect(allowed(returning)).toBeCloseTo(0.3);
  });

  it("never takes more than a quarter of the time there is", () => {
    const returning = new ReturnTime();
    returning.note(clockMs() - 50);
    expect(allowed(returning, 2)).toBeCloseTo(0.5);
    expect(allowed(returning, 0)).toBe(0);
  });
});
