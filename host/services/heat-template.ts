// A Heat template with all its nested files, flattened into the request that Heat's plugins would send.

import { createHash } from "node:crypto";
import { basename, extname, resolve as resolvePath } from "node:path";
import { AppError } from "../errors.ts";
import { MOST_RESOURCES, type PlanRequest } from "./application.ts";
import { isObject, quote, quoteSome } from "./application-fault.ts";
import { ASSIGNMENT_2017, ASSIGNMENT_2018, SERVER, type StackResource } from "./application-resources.ts";
import { TemplateFile, type Where } from "./heat-document.ts";
import { isTrue, resolve, type Scope, textOf } from "./heat-functions.ts";
import { bindParameters, type Given, needed, Unset, undeclared } from "./heat-parameters.ts";
import { INSTANCE_GROUPS, launched, SCALED, SCALING_GROUP, scaled } from "./heat-scaling.ts";
import { FilesBeside, type TemplateSource } from "./heat-source.ts";
import { Work } from "./heat-work.ts";

/** Stacks in stacks; Heat itself allows 5. */
const DEEPEST_NESTING = 10;
const VALET_GROUP = "OS::Valet::Group";

/** Where a resource stands. */
interface Origin {
  /** Names from the top stack down, joined by `/`, e.g. `web/0/server`. */
  path: string;
  /** `file:line`. */
  at: string;
  /** Heat gives it, or what it is in, a random name, so the path only says in which group it is. */
  isUnnamed: boolean;
}

/** A group that the template itself makes. */
interface TemplateGroup {
  id: string;
  name: string;
  type: string;
  level: string | null;
}

export interface ExpandedStack {
  request: PlanRequest;
  /** By orchestration id. */
  origins: ReadonlyMap<string, Origin>;
  groups: TemplateGroup[];
  /** What Heat would mind but a plan does not. */
  notes: string[];
}

/**
 * Reads a template and everything it nests; scaling groups have their initial size. Orchestration ids follow from the
 * path in the stack alone, so the same template gives the same request.
 * @param parameters values by name, as text
 * @throws AppError file.invalid (file, line and path named), config.invalid for a wrong parameter
 */
export function expandTemplate(path: string, parameters: ReadonlyMap<string, string>): ExpandedStack {
  const file = new TemplateFile(resolvePath(path));
  const given: Given = {
    values: parameters,
    from: "command line",
    advice: (name) => `pass --parameter ${name}=${/flavor|instance_type/i.test(name) ? "m1.small" : "VALUE"}`,
  };
  const unknown = undeclared(file, given);
  if (unknown.length > 0) {
    const declared = Object.keys(file.section("parameters"));
    throw new AppError(
      "config.invalid",
      `parameter ${quoteSome(unknown)} is not declared in ${path}; it has ${quoteSome(declared, 20) || "none"}`,
    );
  }
  const name = basename(file.path, extname(file.path));
  return expandStack(file, given, new FilesBeside(), (path) => hashedId([name, ...path]), name);
}

/**
 * The same for a template that was read already.
 * @param idOf orchestration id of the resource at a path; of the stack itself, that is at `[]`, its id
 * @throws AppError file.invalid (file, line and path named)
 */
export function expandStack(
  file: TemplateFile,
  given: Given,
  source: TemplateSource,
  idOf: (path: readonly string[]) => string,
  name: string,
): ExpandedStack {
  const expansion = new Expansion(source, idOf);
  expansion.stack(file, given, [], { used: new Set(), isUnnamed: false });
  return expansion.finish(name);
}

/** A resource after its functions were evaluated. */
interface Definition {
  type: string;
  properties: Record<string, unknown>;
  metadata: Record<string, unknown> | undefined;
}

/** What a resource inherits from what it is in. */
interface Context {
  /** Entries of the registry that led here. */
  readonly used: ReadonlySet<string>;
  readonly isUnnamed: boolean;
}

class Expansion {
  readonly #source: TemplateSource;
  readonly #id: (path: readonly string[]) => string;
  readonly #resources = new Map<string, StackResource>();
  readonly #origins = new Map<string, Origin>();
  readonly #groups: TemplateGroup[] = [];
  readonly #notes: string[] = [];
  readonly #work = new Work();
  #stacks = 0;
  /** Id of a nested stack or scaling group -> ids of the servers in it; of a resource whose condition is false: none. */
  readonly #containers = new Map<string, string[]>();

  constructor(source: TemplateSource, idOf: (path: readonly string[]) => string) {
    this.#source = source;
    this.#id = idOf;
  }

  finish(name: string): ExpandedStack {
    for (const resource of this.#resources.values()) this.#openContainers(resource);
    const request = { planName: name, stackId: this.#id([]), resources: Object.fromEntries(this.#resources) };
    return { request, origins: this.#origins, groups: this.#groups, notes: this.#notes };
  }

  /** @returns ids of the servers in it */
  stack(file: TemplateFile, given: Given, path: readonly string[], context: Context): string[] {
    const parameters = bindParameters(file, given, !this.#source.isChecked);
    for (const [name, value] of given.values) if (name.startsWith("OS::")) parameters.set(name, value);
    const raw = file.section("resources");
    this.#work.spend(1 + parameters.size + Object.keys(raw).length, file, []);
    const scope: Scope = {
      file,
      parameters,
      work: this.#work,
      reference: (name) => (Object.hasOwn(raw, name) ? this.#id([...path, name]) : undefined),
    };
    const servers: string[] = [];
    for (const [name, resource] of Object.entries(raw)) {
      const where = ["resources", name];
      if (!isObject(resource)) throw file.fault(where, `is ${quote(resource)}, it must be a map with a type`);
      if (resource.condition !== undefined && !isTrue(resource.condition, scope, [...where, "condition"])) {
        this.#contain(this.#id([...path, name]), []);
        continue;
      }
      servers.push(...this.#define(name, resource, scope, where, path, context));
    }
    return servers;
  }

  #define(
    name: string,
    raw: Record<string, unknown>,
    scope: Scope,
    where: Where,
    path: readonly string[],
    context: Context,
  ): string[] {
    const type = raw.type;
    if (typeof type !== "string" || type === "") throw scope.file.fault(where, "has no type");
    const properties = resolve(raw.properties ?? {}, scope, [...where, "properties"]);
    if (!isObject(properties))
      throw scope.file.fault([...where, "properties"], `is ${quote(properties)}, it must be a map`);
    const metadata = resolve(raw.metadata, scope, [...where, "metadata"]);
    const definition = { type, properties, metadata: isObject(metadata) ? metadata : undefined };
    return this.#resource(name, definition, scope, where, path, context);
  }

  /** @returns ids of the servers it is or holds */
  #resource(
    name: string,
    raw: Definition,
    scope: Scope,
    where: Where,
    parent: readonly string[],
    context: Context,
  ): string[] {
    const path = [...parent, name];
    const id = this.#id(path);
    const { used } = context;
    const meaning = this.#source.meaning(raw.type, used, scope.file, where);
    const definition = { ...raw, type: meaning.type };
    const { type, properties } = definition;
    if (meaning.template) {
      const inside = meaning.used === undefined ? context : { ...context, used: new Set([...used, meaning.used]) };
      return this.#contain(id, this.#nested(definition, meaning.template, scope, where, path, inside));
    }
    const known = this.#source.members(path);
    if (SCALED.has(type)) {
      const isUnnamed = context.isUnnamed || (type === SCALING_GROUP && known === undefined);
      const members = scaled(type, properties, scope.file, where, this.#work, known).map((member) =>
        this.#resource(
          member.name,
          this.#memberOf(member.definition, scope.file, member.where),
          scope,
          member.where,
          path,
          { ...context, isUnnamed },
        ),
      );
      return this.#contain(id, members.flat());
    }
    if (INSTANCE_GROUPS.has(type)) {
      const members = launched(type, properties, scope, where, (name) => this.#id([...parent, name]));
      return this.#contain(
        id,
        members.flatMap((member, at) =>
          this.#resource(String(at), this.#memberOf(member, scope.file, where), scope, where, path, {
            ...context,
            isUnnamed: true,
          }),
        ),
      );
    }
    if (type === VALET_GROUP) this.#group(id, properties, scope.file, where);
    if ((type === ASSIGNMENT_2017 || type === ASSIGNMENT_2018) && isObject(properties.resources)) {
      // An old way to write it: the members are defined in place.
      const members = Object.entries(properties.resources).flatMap(([key, inner]) => {
        const at = [...where, "properties", "resources", key];
        return this.#resource(key, this.#memberOf(inner, scope.file, at), scope, at, path, context);
      });
      this.#emit(
        id,
        name,
        { ...definition, properties: { ...properties, resources: members } },
        scope.file,
        where,
        path,
        context,
      );
      return members;
    }
    this.#emit(id, name, definition, scope.file, where, path, context);
    return type === SERVER ? [id] : [];
  }

  #contain(id: string, servers: string[]): string[] {
    this.#containers.set(id, servers);
    return servers;
  }

  #memberOf(value: unknown, file: TemplateFile, where: Where): Definition {
    if (!isObject(value) || typeof value.type !== "string")
      throw file.fault(where, `is ${quote(value)}, it must be a map with a type`);
    const properties = value.properties ?? {};
    if (!isObject(properties)) throw file.fault([...where, "properties"], `is ${quote(properties)}, it must be a map`);
    return { type: value.type, properties, metadata: isObject(value.metadata) ? value.metadata : undefined };
  }

  #nested(
    { type, properties }: Definition,
    nested: TemplateFile,
    scope: Scope,
    where: Where,
    path: readonly string[],
    context: Context,
  ): string[] {
    const { file } = scope;
    if (path.length > DEEPEST_NESTING)
      throw file.fault(where, `stacks are nested deeper than ${DEEPEST_NESTING}; does ${quote(type)} nest itself?`);
    if (++this.#stacks > MOST_RESOURCES) throw file.fault(where, `there are more than ${MOST_RESOURCES} nested stacks`);
    const at = file.at(where);
    const given: Given = {
      values: new Map(Object.entries(properties)),
      from: "properties",
      advice: (name) => `give it as property ${name} at ${at}`,
    };
    for (const unknown of undeclared(nested, given))
      this.#notes.push(
        `${file.at([...where, "properties", unknown])}: ${basename(nested.path)} has no parameter ${quote(unknown)}; Heat would refuse it`,
      );
    const values = new Map([...this.#source.defaults, ...given.values]);
    return this.stack(nested, { ...given, values }, path, context);
  }

  #group(id: string, properties: Record<string, unknown>, file: TemplateFile, where: Where): void {
    const text = (field: string) => {
      const value = needed(properties[field], file, [...where, "properties", field]);
      if (typeof value === "string" && value !== "") return value;
      throw file.fault([...where, "properties"], `${field} is ${quote(value)}, it must be a text`);
    };
    this.#groups.push({ id, name: text("name"), type: text("type"), level: text("level") });
  }

  #emit(
    id: string,
    name: string,
    definition: Definition,
    file: TemplateFile,
    where: Where,
    path: readonly string[],
    { isUnnamed }: Context,
  ): void {
    if (this.#resources.size >= MOST_RESOURCES)
      throw file.fault(where, `the stack has more than ${MOST_RESOURCES} resources`);
    const { type, metadata } = definition;
    const at = [...where, "properties"];
    const properties = { ...definition.properties };
    if (type === SERVER) {
      needed(properties.flavor, file, [...at, "flavor"]);
      // Nobody said where: any zone will do.
      if (properties.availability_zone instanceof Unset) delete properties.availability_zone;
      if (isObject(properties.metadata)) checkSet(properties.metadata.valet, file, [...at, "metadata", "valet"]);
    }
    if (type === ASSIGNMENT_2017 || type === ASSIGNMENT_2018) checkSet(properties, file, at);
    this.#resources.set(id, {
      name,
      type,
      properties: plain(properties),
      ...(metadata ? { metadata: plain(metadata) } : {}),
    });
    this.#origins.set(id, { path: path.join("/"), at: file.at(where), isUnnamed });
  }

  /** An assignment that names a nested stack or a scaling group means all servers in it. */
  #openContainers({ type, properties }: StackResource): void {
    if ((type !== ASSIGNMENT_2017 && type !== ASSIGNMENT_2018) || !Array.isArray(properties?.resources)) return;
    const members: unknown[] = properties.resources;
    properties.resources = members.flatMap((member) =>
      typeof member === "string" ? (this.#containers.get(member) ?? [member]) : [member],
    );
  }
}

/** A version-4 shaped uuid that follows from the path alone. */
export function hashedId(path: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(path)).digest("hex");
  const variant = "89ab"[Number.parseInt(hash[16]!, 16) % 4]!;
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}

function checkSet(value: unknown, file: TemplateFile, where: Where): void {
  needed(value, file, where);
  if (Array.isArray(value)) for (const [at, item] of value.entries()) checkSet(item, file, [...where, at]);
  else if (isObject(value) && !(value instanceof Unset))
    for (const [key, item] of Object.entries(value)) checkSet(item, file, [...where, key]);
}

/** Open parameters become a text that says which. */
function plain(value: Record<string, unknown>): Record<string, unknown> {
  const inner = (item: unknown): unknown => {
    if (item instanceof Unset) return textOf(item);
    if (Array.isArray(item)) return item.map(inner);
    return isObject(item) ? plain(item) : item;
  };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inner(item)]));
}
