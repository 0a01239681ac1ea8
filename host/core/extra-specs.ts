// Flavor extra specs against aggregate metadata, as Nova's AggregateInstanceExtraSpecsFilter reads them, with two
// decisions of our own: ONE aggregate of the host must satisfy every key, and a flavor without a relevant key fits
// everywhere. And against traits, as Nova asks Placement for them.

const SCOPE = "aggregate_instance_extra_specs:";

/** What a key that the aggregate lacks compares as: equal to nothing, so that only the negations hold. */
const ABSENT = "\0";

/**
 * The extra specs that concern aggregates, as [metadata key, required value]: those without a scope or with
 * `aggregate_instance_extra_specs:`. `valet` names groups and never concerns an aggregate. Both spellings of one key
 * may occur, hence pairs.
 */
export function relevantSpecs(specs: Readonly<Record<string, string>>): [key: string, required: string][] {
  const pairs: [string, string][] = [];
  for (const [name, required] of Object.entries(specs)) {
    const key = name.startsWith(SCOPE) ? name.slice(SCOPE.length) : name;
    if (!key.includes(":") && key !== "valet") pairs.push([key, required]);
  }
  return pairs;
}

/** Does this one aggregate satisfy every relevant key? Its values are lists: any comma-separated word may match. */
export function aggregateSatisfies(
  specs: Readonly<Record<string, string>>,
  metadata: Readonly<Record<string, string>>,
): boolean {
  return relevantSpecs(specs).every(([key, required]) => {
    const values = Object.hasOwn(metadata, key) ? metadata[key]! : ABSENT;
    return values.split(",").some((value) => holds(required, value.trim()));
  });
}

/** `trait:NAME`, or `trait<group>:NAME` where the resources of a numbered or named group are asked for apart. */
const TRAIT = /^trait([a-zA-Z0-9_-]{1,64})?:(.+)$/s;

/** What a flavor asks of the traits of a host. */
export interface TraitDemands {
  readonly required: readonly string[];
  readonly forbidden: readonly string[];
}

/**
 * Nova ignores values but `required` and `forbidden`. A trait that is required with a group must be somewhere on the
 * host as well; one that is forbidden there concerns whatever provides the group, not the host.
 */
export function traitDemands(specs: Readonly<Record<string, string>>): TraitDemands {
  const required = new Set<string>();
  const forbidden = new Set<string>();
  for (const [name, value] of Object.entries(specs)) {
    const [, group, trait] = TRAIT.exec(name) ?? [];
    if (trait === undefined) continue;
    if (value === "required") required.add(trait);
    else if (value === "forbidden" && group === undefined) forbidden.add(trait);
  }
  return { required: [...required].sort(), forbidden: [...forbidden].sort() };
}

/** `traits`: of the host; null: not known, then nothing is refused. */
export function traitsSatisfy({ required, forbidden }: TraitDemands, traits: readonly string[] | null): boolean {
  if (traits === null) return true;
  return required.every((name) => traits.includes(name)) && !forbidden.some((name) => traits.includes(name));
}

/** `required` is an operator and its argument, or, without an operator, the very value. */
function holds(required: string, actual: string): boolean {
  const [operator, ...words] = required.trim().split(/\s+/);
  const argument = words.join(" ");
  switch (operator) {
    case "=": // Nova's oldest quirk: "=" asks for at least
    case ">=":
      return Number(actual) >= Number(argument);
    case "<=":
      return Number(actual) <= Number(argument);
    case "==":
      return Number(actual) === Number(argument);
    case "!=":
      return Number(actual) !== Number(argument);
    case "s==":
      return actual === argument;
    case "s!=":
      return actual !== argument;
    case "s<":
      return actual < argument;
    case "s<=":
      return actual <= argument;
    case "s>":
      return actual > argument;
    case "s>=":
      return actual >= argument;
    case "<in>":
      return actual.includes(argument);
    case "<all-in>":
      return words.every((word) => actual.includes(word));
    case "<or>":
      return required
        .split("<or>")
        .map((word) => word.trim())
        .filter((word) => word !== "")
        .includes(actual);
    default:
      return actual === required;
  }
}
