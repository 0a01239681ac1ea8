// Aggregates of random problems, and extra specs with every operator that the aggregate satisfies.
import type { Random } from "./random.ts";

export const aggregates = {
  ssd: { metadata: { ssd: "true", tier: "gold, silver" } },
  dense: { metadata: { cores: "64", tier: "bronze" } },
  pool: { metadata: { cores: "8,16", gen: "v3", features: "avx aes sgx" } },
  bare: { metadata: {} },
};

const SCOPE = "aggregate_instance_extra_specs:";

/** Each of them holds for the aggregate of its name. */
const demands: Record<string, readonly (readonly [key: string, required: string])[]> = {
  ssd: [
    ["ssd", "true"],
    [`${SCOPE}ssd`, "true"],
    ["ssd", "s== true"],
    ["tier", "<or> gold <or> platinum"],
    ["tier", "<in> silv"],
    ["tier", "s!= bronze"],
    ["ssd", "s> a"],
    ["ssd", "s>= true"],
  ],
  dense: [
    ["cores", ">= 32"],
    ["cores", "= 48"],
    ["cores", "== 64"],
    [`${SCOPE}cores`, "!= 16"],
    ["tier", "s< gold"],
    ["tier", "s<= bronze"],
    ["tier", "bronze"],
  ],
  pool: [
    ["cores", "<= 8"],
    ["cores", "!= 8"],
    ["gen", "<or> v2 <or> v3"],
    ["features", "<all-in> avx sgx"],
    ["features", "<in> aes"],
    ["gen", "s< v4"],
  ],
  bare: [
    ["cores", "!= 64"],
    ["tier", "s!= bronze"],
  ],
};

export function demandsOf(aggregate: string, random: Random): Record<string, string> {
  const list = demands[aggregate]!;
  const chosen = Object.fromEntries([random.pick(list), ...random.some(list, 0.15)]);
  return random.chance(0.2) ? { ...chosen, "hw:mem_page_size": "large", valet: "{}" } : chosen;
}

/** A demand that any aggregate, or none, may satisfy. */
export function someDemand(random: Random): Record<string, string> {
  const other = ["cores", `>= ${random.between(1, 200)}`] as const;
  return Object.fromEntries([random.pick([...Object.values(demands).flat(), other, ["tier", "iron"] as const])]);
}
