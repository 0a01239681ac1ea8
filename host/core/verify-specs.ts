// Extra specs once more, written for the check alone: it must not share a mistake with what the core was told.
// Aggregates as decided by ostro-semantics, section 4.3; traits as in Nova's guide to extra specs of flavors.

type Comparison = (value: string, argument: string, words: readonly string[]) => boolean;

const COMPARISONS: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ["=", (value, argument) => Number(value) >= Number(argument)],
  [">=", (value, argument) => Number(value) >= Number(argument)],
  ["<=", (value, argument) => Number(value) <= Number(argument)],
  ["==", (value, argument) => Number(value) === Number(argument)],
  ["!=", (value, argument) => Number(value) !== Number(argument)],
  ["s==", (value, argument) => value === argument],
  ["s!=", (value, argument) => value !== argument],
  ["s<", (value, argument) => value < argument],
  ["s<=", (value, argument) => value <= argument],
  ["s>", (value, argument) => value > argument],
  ["s>=", (value, argument) => value >= argument],
  ["<in>", (value, argument) => value.includes(argument)],
  ["<all-in>", (value, _, words) => words.every((word) => value.includes(word))],
]);

type Strings = Readonly<Record<string, string>>;

/** Does one of these aggregates satisfy all the keys that concern aggregates? True when there are no such keys. */
export function someAggregateFits(specs: Strings, aggregates: Iterable<Strings>): boolean {
  const demands: { key: string; demand: string }[] = [];
  for (const [scoped, demand] of Object.entries(specs)) {
    const [, key] = /^(?:aggregate_instance_extra_specs:)?([^:]*)$/.exec(scoped) ?? [];
    if (key !== undefined && key !== "valet") demands.push({ key, demand });
  }
  if (demands.length === 0) return true;
  for (const metadata of aggregates) {
    const fits = ({ key, demand }: { key: string; demand: string }) => {
      // A key the aggregate lacks is as a value that no one writes: unequal to everything and below every string.
      const list = Object.hasOwn(metadata, key) ? metadata[key]! : "\0";
      return list.split(",").some((value) => meets(value.trim(), demand));
    };
    if (demands.every(fits)) return true;
  }
  return false;
}

/** The traits for which these extra specs refuse a host that has just `traits`, in words; null or absent: nobody knows. */
export function refusingTraits(specs: Strings, traits: readonly string[] | null | undefined): string[] {
  const refusing: string[] = [];
  if (traits == null) return refusing;
  const has = new Set(traits);
  for (const [key, value] of Object.entries(specs)) {
    const colon = key.indexOf(":");
    const [scope, trait] = [key.slice(0, colon), key.slice(colon + 1)];
    if (colon < 0 || trait === "" || !/^trait[\w-]{0,64}$/.test(scope)) continue;
    if (value === "required" && !has.has(trait)) refusing.push(`required ${trait}`);
    if (value === "forbidden" && scope === "trait" && has.has(trait)) refusing.push(`forbidden ${trait}`);
  }
  return refusing;
}

function meets(value: string, demand: string): boolean {
  const words = demand.trim().split(/\s+/);
  const operator = words.shift();
  if (operator === "<or>") {
    for (const choice of demand.split("<or>")) if (choice.trim() !== "" && choice.trim() === value) return true;
    return false;
  }
  const comparison = COMPARISONS.get(operator ?? "");
  return comparison === undefined ? value === demand : comparison(value, words.join(" "), words);
}
