// The groups that a stack declares: through assignments of both generations, server metadata and flavors.

import { GROUP_TYPES, type GroupType, LEVELS, type Level } from "../core/model.ts";
import type { AppError } from "../errors.ts";
import { fault, quote } from "./application-fault.ts";
import {
  ASSIGNMENT_2017,
  ASSIGNMENT_2018,
  type Resources,
  referenceOf,
  SERVER,
  type StackResource,
} from "./application-resources.ts";

/** A group as the store knows it. */
export interface KnownGroup {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly level: Level | null;
  /** Ids of the projects that may use it. */
  readonly members: readonly string[];
}

/** The parts of the context that groups need. `group` answers for an id and for a name. */
export interface GroupContext {
  readonly projectId: string;
  group(idOrName: string): KnownGroup | undefined;
}

/** What stands in a list of resources, or a server that says itself where it belongs. */
export interface Member {
  readonly kind: "server" | "group";
  /** Key of the server, or what the group is called. */
  readonly key: string;
  /** Index of the declared group, -1 for a server. */
  readonly group: number;
  /** The resource that says so. */
  readonly from: string;
  /** True: named in an assignment's list. False: through metadata, where being in two groups is how one nests them. */
  readonly listed: boolean;
}

/** One group of the request; a named one gathers all that refers to it. */
export interface DeclaredGroup {
  /** Key of the resource that declared it first, for messages; anonymous groups are called so. */
  readonly key: string;
  readonly name: string | null;
  readonly type: GroupType;
  readonly level: Level;
  readonly members: Member[];
}

const UUID4 = /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/;

/** Gathers declared groups; the first fault is thrown (an AppError application.invalid or group.*). */
export class GroupReader {
  readonly groups: DeclaredGroup[] = [];
  readonly #resources: Resources;
  readonly #context: GroupContext;
  /** Assignment key -> index of its group. */
  readonly #ofAssignment = new Map<string, number>();
  /** Group name -> index. */
  readonly #ofName = new Map<string, number>();
  /** Reference as written -> index, so that each is resolved and checked once. */
  readonly #ofReference = new Map<string, number>();

  constructor(resources: Resources, context: GroupContext) {
    this.#resources = resources;
    this.#context = context;
  }

  /** First pass: which assignments there are; lists may refer to assignments that stand below. */
  declare(key: string, resource: StackResource): void {
    const properties = resource.properties ?? {};
    if (resource.type === ASSIGNMENT_2017) this.#ofAssignment.set(key, this.#declare2017(key, properties));
    if (resource.type === ASSIGNMENT_2018) {
      const reference = referenceOf(properties.group);
      if (reference === undefined || reference === "")
        throw fault(key, "properties.group", "Property 'group' must be specified.");
      this.#ofAssignment.set(key, this.#named(reference, key, "properties.group"));
    }
  }

  /** Second pass: the members of an assignment's list. */
  fill(key: string, resource: StackResource): void {
    const index = this.#ofAssignment.get(key);
    if (index === undefined) return;
    const list = resource.properties?.resources;
    const field = "properties.resources";
    if (!Array.isArray(list))
      throw fault(key, field, `group assignment format error: ${quote(list)} is not a list of servers and assignments`);
    const { members } = this.groups[index]!;
    list.forEach((entry, at) => {
      const member = this.#member(entry, key, `${field}[${at}]`, resource.type === ASSIGNMENT_2018);
      if (member) members.push(member);
    });
  }

  /** A server that names its groups itself, or whose flavor does. */
  join(server: string, references: readonly string[], field: string): void {
    for (const reference of references) {
      const index = this.#named(reference, server, field);
      this.groups[index]!.members.push({ kind: "server", key: server, group: -1, from: server, listed: false });
    }
  }

  #declare2017(key: string, properties: Record<string, unknown>): number {
    // `relationship` is what the property was called in 2016; Valet's Postman collection still sends it.
    const field =
      properties.group_type === undefined && properties.relationship !== undefined ? "relationship" : "group_type";
    const given = properties[field];
    if (given === undefined || given === null || given === "")
      throw fault(key, "properties.group_type", `no group type; give one of ${GROUP_TYPES.join(", ")}`);
    const type = GROUP_TYPES.find((known) => typeof given === "string" && known === given.trim().toLowerCase());
    if (!type)
      throw fault(
        key,
        `properties.${field}`,
        `unknown group type ${quote(given)}; give one of ${GROUP_TYPES.join(", ")}`,
      );
    const name = properties.group_name ?? "";
    if (typeof name !== "string")
      throw fault(key, "properties.group_name", `${quote(name)} is not the name of a group`);
    if (type !== "exclusivity") {
      if (name !== "") {
        const text = `${type} takes no group_name (it is ${quote(name)}); leave it out`;
        throw fault(key, "properties.group_name", text, "group.name-not-allowed");
      }
      return this.#add({ key, name: null, type, level: this.#level(key, properties.level, null), members: [] });
    }
    if (name === "")
      throw fault(key, "properties.group_name", "no exclusivity group identifier; give the name of a group");
    const known = this.#find(name, "name") ?? this.#find(name.toLowerCase(), "name");
    if (!known) throw this.#unknown(name, key, "properties.group_name");
    if (known.type !== "exclusivity")
      throw fault(
        key,
        "properties.group_name",
        `group ${quote(known.name)} is a group of type ${known.type}, not exclusivity`,
      );
    if (!known.members.includes(this.#context.projectId)) throw this.#notMember(known, key, "properties.group_name");
    return this.#merge(key, known.name, "exclusivity", this.#level(key, properties.level, known));
  }

  #level(key: string, given: unknown, group: KnownGroup | null): Level {
    const own = group?.level ?? null;
    if (given === undefined || given === null || given === "") {
      if (own) return own;
      throw fault(key, "properties.level", `no grouping level; give one of ${LEVELS.join(", ")}`);
    }
    const level = LEVELS.find((known) => known === given);
    if (!level) throw fault(key, "properties.level", `unknown level ${quote(given)}; give one of ${LEVELS.join(", ")}`);
    if (own && own !== level)
      throw fault(key, "properties.level", `is ${level}, but group ${quote(group!.name)} was made for level ${own}`);
    return level;
  }

  /** The named group that an id or name of the second generation means. */
  #named(reference: string, key: string, field: string): number {
    const seen = this.#ofReference.get(reference);
    if (seen !== undefined) return seen;
    const known = UUID4.test(reference) ? this.#find(hyphenated(reference), "id") : this.#find(reference, "name");
    if (!known) throw this.#unknown(reference, key, field);
    const type = GROUP_TYPES.find((one) => one === known.type);
    if (!type) throw fault(key, field, `unknown group type ${quote(known.type)} for group ${quote(reference)}`);
    if (!known.level)
      throw fault(key, field, `no grouping level for group ${quote(reference)}; make it again with a level`);
    if (known.members.length > 0 && !known.members.includes(this.#context.projectId))
      throw this.#notMember(known, key, field);
    const index = this.#merge(key, known.name, type, known.level);
    this.#ofReference.set(reference, index);
    return index;
  }

  #find(value: string, by: "id" | "name"): KnownGroup | undefined {
    const known = this.#context.group(value);
    return known?.[by] === value ? known : undefined;
  }

  #unknown(reference: string, key: string, field: string): AppError {
    return fault(key, field, `Group not found: no group has the id or name ${quote(reference)}`, "group.not-found");
  }

  #notMember(group: KnownGroup, key: string, field: string): AppError {
    const text = `project ${quote(this.#context.projectId)} is not a member of group ${quote(group.name)}; add it to the group's members`;
    return fault(key, field, text, "group.not-member");
  }

  #merge(key: string, name: string, type: GroupType, level: Level): number {
    const index = this.#ofName.get(name);
    if (index === undefined) {
      const added = this.#add({ key, name, type, level, members: [] });
      this.#ofName.set(name, added);
      return added;
    }
    const first = this.groups[index]!;
    if (first.level !== level)
      throw fault(
        key,
        "properties.level",
        `group ${quote(name)} has level ${level} here, but ${first.level} in ${quote(first.key)}`,
      );
    return index;
  }

  #add(group: DeclaredGroup): number {
    return this.groups.push(group) - 1;
  }

  #member(entry: unknown, key: string, field: string, byGroup: boolean): Member | undefined {
    const reference = referenceOf(entry);
    if (reference === undefined || reference === "")
      throw fault(key, field, `invalid resource = ${quote(entry)}; give the key or name of a server or an assignment`);
    const target = this.#resources.keyOf(reference, key, field);
    if (target === undefined) {
      if (byGroup && this.#context.group(reference)) return this.#group(this.#named(reference, key, field), key);
      throw fault(key, field, `invalid resource = ${quote(reference)}: the stack has no resource of this key or name`);
    }
    const index = this.#ofAssignment.get(target);
    if (index !== undefined) return this.#group(index, key);
    // Ports, networks and the like have no place of their own; a volume is where its server is.
    const server = this.#resources.get(target)?.type === SERVER ? target : this.#resources.serverOf(target);
    return server === undefined ? undefined : { kind: "server", key: server, group: -1, from: key, listed: true };
  }

  #group(index: number, from: string): Member {
    return { kind: "group", key: labelOf(this.groups[index]!), group: index, from, listed: true };
  }
}

/** What a group is called in messages. */
export function labelOf(group: DeclaredGroup): string {
  return group.name ?? group.key;
}

function hyphenated(uuid: string): string {
  const hex = uuid.replaceAll("-", "");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
