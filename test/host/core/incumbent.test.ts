import { describe, expect, it } from "vitest";
import { Incumbent, LEVELS, sharedIncumbent } from "../../../host/core/incumbent.ts";

/** A plan with these first levels, its VMs on `row`. */
function plan(row: number, ...levels: readonly number[]) {
  const words = new Int32Array(2 * LEVELS);
  for (const [level, value] of levels.entries()) words.set([value | 0, Math.floor(value / 2 ** 32)], 2 * level);
  return { levels: words, rows: new Int32Array(3).fill(row) };
}

describe("searches that share the best plan", () => {
  const two = () => {
    const buffer = sharedIncumbent(3);
    return [new Incumbent(buffer), new Incumbent(buffer)] as const;
  };

  it("hand a better one over and keep what is as good", () => {
    const [one, other] = two();
    expect(one.exchange(plan(7, 0, 2))).toBe(false);
    const worse = plan(8, 0, 3);
    expect(other.exchange(worse)).toBe(true);
    expect(worse).toEqual(plan(7, 0, 2));
    const equal = plan(9, 0, 2);
    expect(other.exchange(equal)).toBe(false);
    expect(equal).toEqual(plan(9, 0, 2));
  });

  it("are not given again what they have seen and could not use", () => {
    const [one, other] = two();
    one.exchange(plan(7, 0, 2));
    expect(other.exchange(plan(8, 0, 3))).toBe(true);
    expect(other.exchange(plan(8, 0, 3))).toBe(false);
    one.exchange(plan(6, 0, 1));
    expect(other.exchange(plan(8, 0, 3))).toBe(true);
  });

  it("take any complete plan before none, and compare levels beyond 32 bits in their order", () => {
    const [one, other] = two();
    one.exchange(plan(1, 1, 0)); // one VM without a host
    expect(other.exchange(plan(2, 0, 5, 2 ** 33))).toBe(false);
    const first = plan(1, 1, 0);
    expect(one.exchange(first)).toBe(true);
    expect(first.rows[0]).toBe(2);
    expect(one.exchange(plan(3, 0, 5, 2 ** 33 - 1))).toBe(false);
    const second = plan(2, 0, 5, 2 ** 33);
    expect(other.exchange(second)).toBe(true);
    expect(second.rows[0]).toBe(3);
  });

  it("go on when a thread ended while it wrote", () => {
    const buffer = sharedIncumbent(3);
    new Int32Array(buffer)[0] = 1;
    expect(new Incumbent(buffer).exchange(plan(1, 0, 1))).toBe(false);
  });

  it("all know when one has proved that there is none better", () => {
    const [one, other] = two();
    expect(other.ended).toBe(false);
    one.end();
    expect(other.ended).toBe(true);
  });
});
