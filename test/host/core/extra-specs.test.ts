import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregateSatisfies, relevantSpecs, traitDemands, traitsSatisfy } from "../../../host/core/extra-specs.ts";
import { refusingTraits, someAggregateFits } from "../../../host/core/verify-specs.ts";
import { score } from "../../oracle/validate.mjs";

const metadata = {
  ssd: "true",
  cores: "8, 16",
  gen: "v3",
  features: "avx aes sgx",
  empty: "",
};

describe("one aggregate against a flavor's extra specs", () => {
  it.each([
    // required value, key, satisfied
    ["true", "ssd", true],
    ["True", "ssd", false],
    ["16", "cores", true],
    ["8, 16", "cores", false],
    ["= 16", "cores", true],
    ["= 17", "cores", false],
    [">= 10", "cores", true],
    [">= 17", "cores", false],
    [">=10", "cores", false],
    ["<= 8", "cores", true],
    ["<= 7", "cores", false],
    ["== 8.0", "cores", true],
    ["== 9", "cores", false],
    ["!= 8", "cores", true],
    ["!= 3", "gen", true],
    ["s== v3", "gen", true],
    ["s== v4", "gen", false],
    ["s!= v4", "gen", true],
    ["s!= v3", "gen", false],
    ["s< v4", "gen", true],
    ["s< v3", "gen", false],
    ["s<= v3", "gen", true],
    ["s<= v2", "gen", false],
    ["s> v2", "gen", true],
    ["s> v3", "gen", false],
    ["s>= v3", "gen", true],
    ["s>= v4", "gen", false],
    ["<in> aes", "features", true],
    ["<in> fma", "features", false],
    ["<all-in> sgx avx", "features", true],
    ["<all-in> sgx fma", "features", false],
    ["<or> v2 <or> v3", "gen", true],
    ["<or> v2 <or> v4", "gen", false],
    ["", "empty", true],
    ["== 0", "empty", true],
    // A key the aggregate lacks is unequal to everything and below every string.
    ["true", "gpu", false],
    ["!= 5", "gpu", true],
    ["s!= true", "gpu", true],
    ["s< a", "gpu", true],
    ["<= 5", "gpu", false],
    ["toString", "toString", false],
  ])("required %j for %s is satisfied: %s", (required, key, satisfied) => {
    expect(aggregateSatisfies({ [key]: required }, metadata)).toBe(satisfied);
    expect(someAggregateFits({ [key]: required }, [metadata])).toBe(satisfied);
  });

  it("takes every key together", () => {
    expect(aggregateSatisfies({ ssd: "true", gen: "v3" }, metadata)).toBe(true);
    expect(aggregateSatisfies({ ssd: "true", gen: "v4" }, metadata)).toBe(false);
  });

  it("reads unscoped keys and those of its own scope, never valet or another scope", () => {
    const specs = {
      ssd: "true",
      "aggregate_instance_extra_specs:gen": "v3",
      "hw:cpu_policy": "dedicated",
      valet: "{}",
    };
    expect(relevantSpecs(specs)).toEqual([
      ["ssd", "true"],
      ["gen", "v3"],
    ]);
    expect(relevantSpecs({ "hw:cpu_policy": "dedicated" })).toEqual([]);
    expect(someAggregateFits({ "hw:cpu_policy": "dedicated", valet: "{}" }, [])).toBe(true);
  });
});

it("encoder, check and test oracle read random specs alike", () => {
  const word = fc.constantFrom(
    "8",
    "16",
    "08",
    "1e1",
    "v3",
    "true",
    "a",
    "",
    "avx aes",
    "8,16",
    "x, y ,z",
    "<or>",
    "-1",
  );
  const operator = fc.constantFrom(
    ...["", "=", ">=", "<=", "==", "!=", "s==", "s!=", "s<", "s<=", "s>", "s>=", "<in>", "<all-in>", "<or>"],
  );
  const required = fc
    .tuple(operator, word, word)
    .map(([op, a, b]) => (op === "<or>" ? `<or> ${a} <or> ${b}` : `${op} ${a}`));
  const key = fc.constantFrom("k", "l", "aggregate_instance_extra_specs:k", "hw:k", "valet", "a:b:c");
  const specs = fc.dictionary(key, required, { maxKeys: 3 });
  const aggregate = fc.dictionary(fc.constantFrom("k", "l"), word);
  fc.assert(
    fc.property(specs, aggregate, (specs, metadata) => {
      const need = { vcpus: 0, mem_mb: 0, disk_gb: 0 };
      const problem = {
        format: "placement-problem/1" as const,
        hosts: [{ name: "h", status: "up" as const, capacity: need, aggregates: ["a"] }],
        aggregates: { a: { metadata } },
        app: { vms: [{ name: "v", ...need, extra_specs: specs }] },
      };
      const expected = score(problem, { v: "h" }).valid;
      expect(aggregateSatisfies(specs, metadata)).toBe(expected);
      expect(someAggregateFits(specs, [metadata])).toBe(expected);
    }),
    { numRuns: 3000 },
  );
});

describe("a host's traits against a flavor's extra specs", () => {
  it.each<[name: string, specs: Record<string, string>, traits: string[] | null, refusing: string[]]>([
    ["asks for nothing", { ssd: "true", "hw:cpu_policy": "dedicated" }, [], []],
    ["requires what is there", { "trait:TPM": "required" }, ["AVX", "TPM"], []],
    ["requires what is not there", { "trait:TPM": "required" }, ["AVX"], ["required TPM"]],
    ["requires several", { "trait:TPM": "required", "trait:AVX": "required" }, ["AVX"], ["required TPM"]],
    ["forbids what is there", { "trait:TPM": "forbidden" }, ["TPM"], ["forbidden TPM"]],
    ["forbids what is not there", { "trait:TPM": "forbidden" }, ["AVX"], []],
    ["requires with a numbered group", { "trait1:TPM": "required" }, ["AVX"], ["required TPM"]],
    ["requires with a named group", { "trait_net-A:TPM": "required" }, ["AVX"], ["required TPM"]],
    ["forbids with a group, whose provider is not the host", { "trait1:TPM": "forbidden" }, ["TPM"], []],
    ["says what Nova ignores", { "trait:TPM": "Required", "trait:": "required", trait: "required" }, ["AVX"], []],
    ["means other names by other letters", { "trait:tpm": "required" }, ["TPM"], ["required tpm"]],
    ["has a colon in the name", { "trait:a:b": "required" }, ["a"], ["required a:b"]],
    ["is of another scope", { "traits:TPM": "required", "xtrait:TPM": "required" }, null, []],
    ["asks where nothing is known", { "trait:TPM": "required", "trait:AVX": "forbidden" }, null, []],
  ])("a flavor that %s", (_, specs, traits, refusing) => {
    expect(refusingTraits(specs, traits)).toEqual(refusing);
    expect(traitsSatisfy(traitDemands(specs), traits)).toBe(refusing.length === 0);
  });

  it("never concern an aggregate", () => {
    expect(relevantSpecs({ "trait:TPM": "required", "trait1:TPM": "required" })).toEqual([]);
    expect(someAggregateFits({ "trait:TPM": "required" }, [])).toBe(true);
  });

  it("are read the same way by the check", () => {
    const word = fc.constantFrom(
      "trait",
      "trait1",
      "trait_a-b",
      "TPM",
      "",
      ":",
      "-",
      "hw",
      "aggregate_instance_extra_specs",
    );
    const key = fc.array(word, { maxLength: 4 }).map((words) => words.join(""));
    const specs = fc.dictionary(
      fc.oneof(
        key,
        fc.tuple(key, key).map((pair) => pair.join(":")),
        fc.string(),
      ),
      fc.constantFrom("required", "forbidden", "", "x"),
    );
    fc.assert(
      fc.property(specs, fc.array(fc.constantFrom("TPM", "-", ":TPM", "TPM:TPM", "trait")), (specs, traits) => {
        expect(traitsSatisfy(traitDemands(specs), traits)).toBe(refusingTraits(specs, traits).length === 0);
      }),
      { numRuns: 2000 },
    );
  });
});
