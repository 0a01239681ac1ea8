// What a benchmark is. One file a subject in cases/, one line in cases/index.ts.

/** short: `npm test` runs it once, small. slow: setting it up takes seconds. long: so does one run. */
export type Label = "short" | "slow" | "long";

/** Numbers and hashes that are equal on every machine and in every run; bench/expected.json holds them. */
export type Counters = Readonly<Record<string, number | string>>;

/** small: just large enough to be correct. */
export type Scale = "full" | "small";

export interface CaseSpec<State, Result> {
  /** `subject/size/variant`. */
  readonly name: string;
  readonly labels?: readonly Label[];
  setup(scale: Scale): State | Promise<State>;
  /** What is timed. May be called any number of times on the same state. */
  run(state: State): Result | Promise<Result>;
  /** Throws if the result is wrong; called before a time counts. */
  check(state: State, result: Result): void;
  /** Exact counters of one run. Cases without are only timed. */
  gate?(state: State, result: Result): Counters;
  /** Into how much of what the time of a run is divided. */
  per?(state: State): { readonly count: number; readonly unit: string };
  close?(state: State): void | Promise<void>;
}

/** A case that has been set up. */
export interface OpenCase {
  readonly per: { readonly count: number; readonly unit: string };
  run(): unknown;
  /** Runs it once and checks the result; returns its counters, null if it has none. */
  verify(): Promise<Counters | null>;
  close(): Promise<void>;
}

export interface BenchCase {
  readonly name: string;
  readonly labels: readonly Label[];
  /** Has exact counters. */
  readonly gated: boolean;
  open(scale: Scale): Promise<OpenCase>;
}

export function defineCase<State, Result>(spec: CaseSpec<State, Result>): BenchCase {
  return {
    name: spec.name,
    labels: spec.labels ?? [],
    gated: spec.gate !== undefined,
    async open(scale) {
      const state = await spec.setup(scale);
      return {
        per: spec.per?.(state) ?? { count: 1, unit: "run" },
        run: () => spec.run(state),
        async verify() {
          const result = await spec.run(state);
          spec.check(state, result);
          return spec.gate?.(state, result) ?? null;
        },
        async close() {
          await spec.close?.(state);
        },
      };
    },
  };
}

/** For `check`. */
export function ensure(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
