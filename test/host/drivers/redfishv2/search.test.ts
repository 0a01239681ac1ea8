import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cheapest, type Piece, type Problem, wasteBp } from "../../../../host/drivers/redfishv2/search.ts";
import { propertySeed } from "../../../support/property-seed.ts";

const piece = (path: string, given: Partial<Piece> = {}): Piece => ({
  path,
  amounts: [1],
  sizes: [1],
  limits: [],
  wholeZones: [],
  rack: null,
  shared: false,
  ...given,
});

/** What is compared, of any set of pieces that serves; null: it does not serve. */
function costOf(pieces: readonly Piece[], { needs, limits, asked }: Problem): number[] | null {
  const sum = (of: (piece: Piece) => number) => pieces.reduce((total, one) => total + of(one), 0);
  if (needs.some((least, need) => sum(({ amounts }) => amounts[need]!) < least)) return null;
  if (limits.some((most, limit) => sum((one) => (one.limits.includes(limit) ? 1 : 0)) > most)) return null;
  const sizes = asked.map((_, measure) => sum((one) => one.sizes[measure]!));
  const racks = new Set(pieces.map(({ rack }) => rack).filter((rack) => rack !== null)).size;
  return [
    new Set(pieces.flatMap(({ wholeZones }) => wholeZones)).size,
    Math.max(0, racks - 1),
    pieces.length,
    wasteBp(sizes, asked),
  ];
}

function bestOfAll(problem: Problem): number[] | null {
  let best: number[] | null = null;
  for (let set = 0; set < 1 << problem.pieces.length; set++) {
    const cost = costOf(
      problem.pieces.filter((_, i) => set & (1 << i)),
      problem,
    );
    if (cost !== null && (best === null || less(cost, best))) best = cost;
  }
  return best;
}

function less(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((field, i) => field !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}

const problems: fc.Arbitrary<Problem> = fc
  .record({ needs: fc.integer({ min: 1, max: 3 }), limits: fc.integer({ min: 0, max: 2 }) })
  .chain(({ needs, limits }) =>
    fc.record({
      pieces: fc.array(
        fc.record({
          amounts: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: needs, maxLength: needs }),
          limits: limits === 0 ? fc.constant([]) : fc.uniqueArray(fc.integer({ min: 0, max: limits - 1 })),
          wholeZones: fc.uniqueArray(fc.constantFrom("z1", "z2", "z3"), { maxLength: 2 }),
          rack: fc.constantFrom(null, "r1", "r2"),
          shared: fc.boolean(),
        }),
        { maxLength: 9 },
      ),
      needs: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: needs, maxLength: needs }),
      limits: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: limits, maxLength: limits }),
    }),
  )
  .map(({ pieces, needs, limits }) => ({
    pieces: pieces.map((given, i) => ({ ...given, path: `/b${i}`, sizes: given.amounts })),
    needs,
    asked: needs,
    limits,
  }));

describe("the search for blocks", () => {
  it("finds what trying every set finds", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const found = cheapest(problem);
        const best = bestOfAll(problem);
        const { pieces, ...cost } = found ?? { pieces: [], zonesBroken: 0, racks: 0, wasteBp: 0, proven: true };
        expect(cost.proven).toBe(true);
        expect(found && costOf(pieces, problem)).toEqual(best);
        if (best) expect([cost.zonesBroken, cost.racks, pieces.length, cost.wasteBp]).toEqual(best);
      }),
      { seed: propertySeed, numRuns: 400 },
    );
  });

  it("does not care in which order the blocks come", () => {
    fc.assert(
      fc.property(problems, (problem) => {
        const turned = { ...problem, pieces: problem.pieces.toReversed() };
        expect(cheapest(turned)).toEqual(cheapest(problem));
      }),
      { seed: propertySeed, numRuns: 100 },
    );
  });

  it("ends with the best so far when there is too much to look at", () => {
    const pieces = Array.from({ length: 400 }, (_, i) =>
      piece(`/b${i}`, { amounts: [1 + (i % 17), (i * 7) % 23], sizes: [1 + (i % 17), i + 1], rack: `r${i % 20}` }),
    );
    const found = cheapest({ pieces, needs: [500, 500], asked: [500, 500], limits: [] }, 100_000);
    expect(found?.proven).toBe(false);
    expect(found?.pieces.reduce((sum, { amounts }) => sum + amounts[0]!, 0)).toBeGreaterThanOrEqual(500);
  });

  it("leaves a whole zone whole though it takes more blocks", () => {
    const found = cheapest({
      pieces: [
        piece("/whole", { amounts: [4], wholeZones: ["z1"] }),
        piece("/broken1", { amounts: [2] }),
        piece("/broken2", { amounts: [2] }),
      ],
      needs: [4],
      asked: [4],
      limits: [],
    });
    expect(found?.pieces.map(({ path }) => path)).toEqual(["/broken1", "/broken2"]);
  });

  it("takes a shared block only when no other serves as well", () => {
    const pieces = [piece("/a-shared", { shared: true }), piece("/b-own")];
    const found = cheapest({ pieces, needs: [1], asked: [1], limits: [] });
    expect(found?.pieces.map(({ path }) => path)).toEqual(["/b-own"]);
  });
});
