// Inheritance and merging against a naive restatement of Valet's rules: for random stacks, exactly the placements that
// keep the rules as declared keep the plain sets they are translated to, and exactly the contradictory are refused.
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Group, type GroupType, LEVELS, type Level } from "../../../host/core/model.ts";
import { AppError } from "../../../host/errors.ts";
import { type StackResource, toApplication } from "../../../host/services/application.ts";
import { propertySeed } from "../../support/property-seed.ts";

/** A group as declared. Members: "v0" … are servers, "g0" … groups; `joined` are servers that join by metadata. */
interface Declared {
  key: string;
  type: GroupType;
  level: Level;
  named: boolean;
  listed: string[];
  joined: string[];
}
interface Stack {
  vms: string[];
  groups: Declared[];
}

const rank = (level: Level) => LEVELS.indexOf(level);

const stacks = fc
  .record({
    vms: fc.integer({ min: 2, max: 4 }),
    groups: fc.array(
      fc.record({
        type: fc.constantFrom<GroupType>("affinity", "affinity", "diversity", "exclusivity"),
        level: fc.constantFrom<Level>("host", "host", "rack", "cluster"),
        named: fc.boolean(),
        listed: fc.uniqueArray(fc.nat(9), { maxLength: 3 }),
        joined: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
        forward: fc.nat(30),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ vms, groups }): Stack => {
    const names = Array.from({ length: vms }, (_, at) => `v${at}`);
    return {
      vms: names,
      groups: groups.map(({ type, level, named, listed, joined, forward }, at) => ({
        key: `g${at}`,
        type,
        level,
        named: named || type === "exclusivity",
        // Mostly servers and earlier groups; now and then a later one or itself, which may close a circle.
        listed: [
          ...new Set(
            listed.map((n) => (n < 6 || at === 0 ? `v${n % vms}` : `g${n % (forward === 0 ? groups.length : at)}`)),
          ),
        ],
        joined: named || type === "exclusivity" ? [...new Set(joined.map((n) => `v${n % vms}`))] : [],
      })),
    };
  });

function translated({ vms, groups }: Stack): readonly Group[] | null {
  const resources: Record<string, StackResource> = {};
  for (const vm of vms) {
    const joined = groups.filter((group) => group.joined.includes(vm)).map(({ key }) => `name-${key}`);
    resources[vm] = {
      name: vm,
      type: "OS::Nova::Server",
      properties: { flavor: "f", metadata: { valet: { groups: joined } } },
    };
  }
  for (const { key, type, level, named, listed } of groups)
    resources[key] = named
      ? { type: "OS::Valet::GroupAssignment", properties: { group: `name-${key}`, resources: listed } }
      : { type: "ATT::Valet::GroupAssignment", properties: { group_type: type, level, resources: listed } };
  const known = new Map(
    groups.map(({ key, type, level }) => [`name-${key}`, { id: key, name: `name-${key}`, type, level, members: [] }]),
  );
  const flavor = { id: "1", name: "f", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: {} };
  const context = {
    projectId: "p",
    flavor: () => flavor,
    group: (name: string) => known.get(name),
    zones: new Set<string>(),
  };
  try {
    return toApplication({ planName: "p", stackId: "s", resources }, context).application.groups;
  } catch (error) {
    if (error instanceof AppError && error.code === "application.invalid") return null;
    throw error;
  }
}

/** The naive restatement. `below` of a server is itself; of a group all servers at any depth, null when it holds itself. */
class Rules {
  readonly stack: Stack;
  readonly sound: boolean;

  constructor(stack: Stack) {
    this.stack = stack;
    this.sound = this.#nestingIsLegal() && this.#isFreeOfContradictions();
  }

  group(key: string): Declared | undefined {
    return this.stack.groups.find((group) => group.key === key);
  }

  below(member: string, path: string[] = []): string[] | null {
    const group = this.group(member);
    if (!group) return [member];
    if (path.includes(member)) return null;
    const parts = [...group.listed, ...group.joined].map((inner) => this.below(inner, [...path, member]));
    return parts.includes(null) ? null : [...new Set(parts.flatMap((part) => part!))];
  }

  /** All that an affinity group of this level or a lower one keeps with `vm`, directly or through others. */
  tiedTo(vm: string, level: Level): Set<string> {
    const tied = new Set([vm]);
    for (let before = 0; before < tied.size; ) {
      before = tied.size;
      for (const group of this.stack.groups) {
        const members = this.below(group.key)!;
        if (group.type !== "affinity" || rank(group.level) > rank(level)) continue;
        if (members.some((member) => tied.has(member))) for (const member of members) tied.add(member);
      }
    }
    return tied;
  }

  exclusiveTo(group: Declared): Set<string> {
    return new Set(this.below(group.key)!.flatMap((vm) => [...this.tiedTo(vm, group.level)]));
  }

  #nestingIsLegal(): boolean {
    return this.stack.groups.every((holder) => {
      if (this.below(holder.key) === null) return false;
      return holder.listed.every((member) => {
        const nested = this.group(member);
        if (!nested) return true;
        return rank(nested.level) <= rank(holder.level) && (nested.type === "affinity" || holder.type === "affinity");
      });
    });
  }

  #isFreeOfContradictions(): boolean {
    const exclusive = this.stack.groups.filter(({ type }) => type === "exclusivity");
    const twice = exclusive.some((a) =>
      exclusive.some(
        (b) => a !== b && a.level === b.level && [...this.exclusiveTo(a)].some((vm) => this.exclusiveTo(b).has(vm)),
      ),
    );
    const together = this.stack.groups.some(({ type, level, listed }) => {
      if (type !== "diversity") return false;
      return listed.some((a) =>
        listed.some(
          (b) => a < b && this.below(a)!.some((x) => this.below(b)!.some((y) => this.tiedTo(x, level).has(y))),
        ),
      );
    });
    return !twice && !together;
  }

  /** Does a placement keep what was declared? `where` gives the container of a VM at a level. */
  kept(where: (vm: string, level: Level) => string): boolean {
    return this.stack.groups.every((group) => {
      const { type, level } = group;
      const vms = this.below(group.key)!;
      if (type === "affinity") return new Set(vms.map((vm) => where(vm, level))).size <= 1;
      if (type === "exclusivity") {
        const own = this.exclusiveTo(group);
        const containers = new Set([...own].map((vm) => where(vm, level)));
        return this.stack.vms.every((vm) => own.has(vm) || !containers.has(where(vm, level)));
      }
      // Two VMs of a diversity group are apart unless affinity makes them one member.
      return vms.every((a) => vms.every((b) => this.tiedTo(a, level).has(b) || where(a, level) !== where(b, level)));
    });
  }
}

/** FORMAT's meaning of plain sets. */
function keepsSets(
  groups: readonly Group[],
  vms: readonly string[],
  where: (vm: string, level: Level) => string,
): boolean {
  const byName = new Map(groups.map((group) => [group.name, group]));
  const leaves = (member: string): string[] => byName.get(member)?.members.flatMap(leaves) ?? [member];
  return groups.every(({ name, type, level, members }) => {
    const own = leaves(name);
    if (type === "affinity") return new Set(own.map((vm) => where(vm, level))).size <= 1;
    if (type === "exclusivity") {
      const containers = new Set(own.map((vm) => where(vm, level)));
      return vms.every((vm) => own.includes(vm) || !containers.has(where(vm, level)));
    }
    return members.every((a, at) =>
      members
        .slice(at + 1)
        .every((b) => leaves(a).every((x) => leaves(b).every((y) => where(x, level) !== where(y, level)))),
    );
  });
}

// Two clusters of two racks of two hosts: every relation of two VMs occurs.
const HOSTS = 8;
const container = (host: number, level: Level) => `${level}${host >> rank(level)}`;

function* placements(vms: readonly string[]): Generator<Map<string, number>> {
  for (let code = 0; code < HOSTS ** vms.length; code++)
    yield new Map(vms.map((vm, at) => [vm, Math.floor(code / HOSTS ** at) % HOSTS]));
}

test("plain sets allow exactly the placements that the declared groups allow", { timeout: 120_000 }, () => {
  const seen = { refused: 0, translated: 0, kept: 0, broken: 0 };
  const property = fc.property(stacks, (stack) => {
    const rules = new Rules(stack);
    const groups = translated(stack);
    expect(groups !== null, "taken exactly when sound").toBe(rules.sound);
    if (groups === null) {
      seen.refused++;
      return;
    }
    seen.translated++;
    for (const placement of placements(stack.vms)) {
      const where = (vm: string, level: Level) => container(placement.get(vm)!, level);
      const kept = rules.kept(where);
      if (kept) seen.kept++;
      else seen.broken++;
      if (keepsSets(groups, stack.vms, where) !== kept) expect.fail(`${JSON.stringify([...placement])} kept: ${kept}`);
    }
  });
  fc.assert(property, { numRuns: 300, seed: propertySeed });
  for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(100);
});

test("named groups are remembered with their own VMs: below, or tied to a member for what is inherited", () => {
  const property = fc.property(stacks, (stack) => {
    const rules = new Rules(stack);
    const groups = translated(stack);
    if (groups === null) return;
    const byName = new Map(groups.map((group) => [group.name, group]));
    const leaves = (member: string): string[] => byName.get(member)?.members.flatMap(leaves) ?? [member];
    for (const declared of stack.groups.filter(({ named }) => named)) {
      const below = rules.below(declared.key)!;
      const expected = declared.type === "affinity" ? new Set(below) : rules.exclusiveTo(declared);
      const group = byName.get(`name-${declared.key}`);
      expect(new Set(group?.members.flatMap(leaves))).toEqual(expected);
      if (group) expect(group).toMatchObject({ type: declared.type, level: declared.level, named: true });
    }
    for (const { name, named } of groups) expect(named).toBe(name.startsWith("name-"));
    expect(byName.size, "names are unique").toBe(groups.length);
  });
  fc.assert(property, { numRuns: 2000, seed: propertySeed });
});
