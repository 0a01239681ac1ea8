// The intrinsic functions of HOT, as far as they are known before anything exists.

import { isObject, quote } from "./application-fault.ts";
import type { TemplateFile, Where } from "./heat-document.ts";
import { Unset } from "./heat-parameters.ts";
import type { Work } from "./heat-work.ts";

/** What functions may refer to in one stack. */
export interface Scope {
  readonly file: TemplateFile;
  readonly parameters: ReadonlyMap<string, unknown>;
  /** Of the whole expansion. */
  readonly work: Work;
  /** What `get_resource` of a resource gives, undefined for an unknown name. */
  reference(name: string): string | undefined;
}

const DEEPEST = 100;

type Evaluate = (argument: unknown, scope: Scope, where: Where) => unknown;

/** Their values exist only once the stack does, or need a language of their own; they become a text that says so. */
const OPAQUE = ["get_attr", "get_file", "digest", "resource_facade", "yaql", "make_url", "filter"];

const FUNCTIONS: ReadonlyMap<string, Evaluate> = new Map<string, Evaluate>([
  ["get_param", getParam],
  ["get_resource", getResource],
  ["str_replace", strReplace],
  ["str_replace_strict", strReplace],
  ["str_replace_vstrict", strReplace],
  ["list_join", listJoin],
  ["str_split", strSplit],
  ["repeat", repeat],
  ["if", choose],
  ["map_merge", mapMerge],
  ["map_replace", mapReplace],
  ["list_concat", listConcat],
  ["list_concat_unique", (argument, scope, where) => [...new Set(listConcat(argument, scope, where))]],
  ["equals", condition],
  ["not", condition],
  ["and", condition],
  ["or", condition],
  ["contains", condition],
  ...OPAQUE.map((name): [string, Evaluate] => [name, (argument, scope, where) => opaque(name, argument, scope, where)]),
]);

/** Functions whose argument is not resolved first: they choose what of it is. */
const LAZY = new Set(["if", "repeat", "equals", "not", "and", "or", "contains"]);

/**
 * A value with all functions in it replaced by their values.
 * @throws AppError file.invalid naming the line of the function that cannot be evaluated
 */
export function resolve(value: unknown, scope: Scope, where: Where): unknown {
  if (where.length > DEEPEST) throw scope.file.fault(where.slice(0, 4), `is nested deeper than ${DEEPEST}`);
  scope.work.spend(1, scope.file, where);
  if (Array.isArray(value)) return value.map((item, at) => resolve(item, scope, [...where, at]));
  if (!isObject(value) || value instanceof Unset) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only) {
    const [name, argument] = only;
    const evaluate = FUNCTIONS.get(name) ?? (name.startsWith("Fn::") ? FUNCTIONS.get("get_attr") : undefined);
    const inside = [...where, name];
    if (evaluate) return evaluate(LAZY.has(name) ? argument : resolve(argument, scope, inside), scope, inside);
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, resolve(item, scope, [...where, key])]));
}

/** The text a value becomes inside another text. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" && !(value instanceof Unset) ? JSON.stringify(value) : String(value);
}

/** A condition: its name, a truth value, or a function. */
export function isTrue(value: unknown, scope: Scope, where: Where, open: readonly string[] = []): boolean {
  scope.work.spend(1, scope.file, where);
  if (typeof value === "boolean") return value;
  if (typeof value === "string") {
    const conditions = scope.file.section("conditions");
    if (!Object.hasOwn(conditions, value)) throw scope.file.fault(where, `no condition is called ${quote(value)}`);
    if (open.includes(value)) throw scope.file.fault(where, `condition ${quote(value)} depends on itself`);
    return isTrue(conditions[value], scope, ["conditions", value], [...open, value]);
  }
  const entries = isObject(value) ? Object.entries(value) : [];
  const [name, argument] = entries[0] ?? [];
  if (name === undefined || entries.length !== 1) throw scope.file.fault(where, `${quote(value)} is no condition`);
  const inside = [...where, name];
  const items = Array.isArray(argument) ? argument : [];
  switch (name) {
    case "not":
      return !isTrue(argument, scope, inside, open);
    case "and":
      return items.every((item, at) => isTrue(item, scope, [...inside, at], open));
    case "or":
      return items.some((item, at) => isTrue(item, scope, [...inside, at], open));
    case "equals": {
      const [a, b] = known(resolve(items, scope, inside), scope, inside);
      return JSON.stringify(a) === JSON.stringify(b);
    }
    case "contains": {
      const [one, list] = known(resolve(items, scope, inside), scope, inside);
      return typeof list === "string" ? list.includes(textOf(one)) : Array.isArray(list) && list.includes(one);
    }
    case "get_param": {
      const [given] = known([resolve(value, scope, where)], scope, where);
      if (typeof given !== "boolean") throw scope.file.fault(where, `${quote(given)} is neither true nor false`);
      return given;
    }
    default:
      throw scope.file.fault(where, `condition ${quote(name)} cannot be evaluated before the stack exists`);
  }
}

function condition(argument: unknown, scope: Scope, where: Where): boolean {
  return isTrue({ [String(where.at(-1))]: argument }, scope, where.slice(0, -1));
}

/** Conditions decide what exists, so all they look at must have a value. */
function known(values: unknown, scope: Scope, where: Where): unknown[] {
  const list = Array.isArray(values) ? values : [values];
  for (const value of list)
    if (value instanceof Unset)
      throw scope.file.fault(where, `parameter ${quote(value.parameter)} has no value; ${value.advice}`);
  return list;
}

function getParam(argument: unknown, scope: Scope, where: Where): unknown {
  const [name, ...path] = Array.isArray(argument) ? argument : [argument];
  const pseudo = /^OS::(stack_name|stack_id|project_id)$/.exec(String(name));
  if (pseudo) return scope.parameters.get(pseudo[0]) ?? `<${pseudo[1]}>`;
  if (typeof name !== "string" || !scope.parameters.has(name))
    throw scope.file.fault(where, `no parameter is called ${quote(name)}`);
  let value = scope.parameters.get(name);
  for (const step of path) {
    if (value instanceof Unset) return value;
    // Heat gives an empty text for a path that leads nowhere.
    value =
      typeof value === "object" && value !== null && Object.hasOwn(value, String(step))
        ? Reflect.get(value, String(step))
        : "";
  }
  return value;
}

function getResource(argument: unknown, scope: Scope, where: Where): unknown {
  const reference = typeof argument === "string" ? scope.reference(argument) : undefined;
  if (reference === undefined) throw scope.file.fault(where, `no resource is called ${quote(argument)}`);
  return reference;
}

function opaque(name: string, argument: unknown, scope: Scope, where: Where): string {
  const first: unknown = Array.isArray(argument) ? argument[0] : undefined;
  if (name === "get_attr" && typeof first === "string" && scope.reference(first) === undefined)
    throw scope.file.fault(where, `no resource is called ${quote(first)}`);
  return `<${name}: ${Array.isArray(argument) ? argument.map(textOf).join(" ") : textOf(argument).slice(0, 40)}>`;
}

function strReplace(argument: unknown, scope: Scope, where: Where): string {
  if (!isObject(argument) || !isObject(argument.params)) throw scope.file.fault(where, "needs template and params");
  return replaced(
    textOf(argument.template),
    new Map(Object.entries(argument.params).map(([key, to]) => [key, textOf(to)])),
    scope,
    where,
  );
}

/** All at once, the longest first, so that what was put in is not replaced again. */
function replaced(text: string, params: ReadonlyMap<string, string>, scope: Scope, where: Where): string {
  const keys = [...params.keys()].filter((key) => key !== "").sort((a, b) => b.length - a.length);
  if (keys.length === 0) return text;
  const any = new RegExp(keys.map((key) => key.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  let length = text.length;
  const longer = (by: string) => {
    length += by.length;
    scope.work.spendText(length, by.length, scope.file, where);
    return by;
  };
  return text.replace(any, (key) => longer(params.get(key)!));
}

function listJoin(argument: unknown, scope: Scope, where: Where): string {
  if (!Array.isArray(argument) || argument.length < 2) throw scope.file.fault(where, "needs a delimiter and a list");
  const [delimiter, ...lists] = argument;
  const texts = lists.flatMap((list) => (Array.isArray(list) ? list : [list])).map(textOf);
  const between = textOf(delimiter);
  const length = texts.reduce((sum, text) => sum + text.length + between.length, 0);
  scope.work.spendText(length, length, scope.file, where);
  return texts.join(between);
}

function strSplit(argument: unknown, scope: Scope, where: Where): unknown {
  if (!Array.isArray(argument) || argument.length < 2) throw scope.file.fault(where, "needs a delimiter and a text");
  const parts = textOf(argument[1]).split(textOf(argument[0]));
  return argument.length > 2 ? (parts[Number(argument[2])] ?? "") : parts;
}

function choose(argument: unknown, scope: Scope, where: Where): unknown {
  if (!Array.isArray(argument) || argument.length < 2)
    throw scope.file.fault(where, "needs a condition and two values");
  const at = isTrue(argument[0], scope, [...where, 0]) ? 1 : 2;
  return resolve(argument[at] ?? null, scope, [...where, at]);
}

function mapMerge(argument: unknown, scope: Scope, where: Where): unknown {
  if (!Array.isArray(argument)) throw scope.file.fault(where, "needs a list of maps");
  return Object.fromEntries(argument.filter(isObject).flatMap((map) => Object.entries(map)));
}

function mapReplace(argument: unknown, scope: Scope, where: Where): unknown {
  const [map, by] = Array.isArray(argument) ? argument : [];
  if (!isObject(map) || !isObject(by)) throw scope.file.fault(where, "needs a map and its replacements");
  const keys = isObject(by.keys) ? by.keys : {};
  const values = isObject(by.values) ? by.values : {};
  const renamed = (key: string) => (Object.hasOwn(keys, key) ? textOf(keys[key]) : key);
  const changed = (value: unknown) => (Object.hasOwn(values, textOf(value)) ? values[textOf(value)] : value);
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [renamed(key), changed(value)]));
}

function listConcat(argument: unknown, scope: Scope, where: Where): unknown[] {
  if (!Array.isArray(argument)) throw scope.file.fault(where, "needs a list of lists");
  return argument.flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
}

const MOST_REPEATS = 10_000;

/** `for_each` names texts; each combination of their values (or, without permutations, each position) gives an item. */
function repeat(argument: unknown, scope: Scope, where: Where): unknown[] {
  const each = isObject(argument) ? resolve(argument.for_each, scope, [...where, "for_each"]) : undefined;
  if (!isObject(argument) || !isObject(each)) throw scope.file.fault(where, "needs for_each and template");
  const lists = Object.entries(each).map(([name, list]): [string, unknown[]] => {
    if (Array.isArray(list)) return [name, list];
    throw scope.file.fault([...where, "for_each", name], `${quote(list)} is not a list`);
  });
  let rows: Map<string, unknown>[] = [new Map()];
  if (argument.permutations === false)
    rows = Array.from(
      { length: Math.max(0, ...lists.map(([, list]) => list.length)) },
      (_, at) => new Map(lists.map(([name, list]) => [name, list[at]])),
    );
  else
    for (const [name, list] of lists) {
      if (rows.length * list.length > MOST_REPEATS)
        throw scope.file.fault(where, `gives more than ${MOST_REPEATS} items`);
      rows = rows.flatMap((row) => list.map((value) => new Map([...row, [name, value]])));
    }
  return rows.map((row) => resolve(substituted(argument.template, row, scope, where), scope, [...where, "template"]));
}

/** A text that is nothing but a name becomes the value itself; names inside longer texts become text. */
function substituted(template: unknown, row: ReadonlyMap<string, unknown>, scope: Scope, where: Where): unknown {
  scope.work.spend(1, scope.file, where);
  const inner = (value: unknown) => substituted(value, row, scope, where);
  if (typeof template === "string") {
    if (row.has(template)) return row.get(template);
    return replaced(template, new Map([...row].map(([name, value]) => [name, textOf(value)])), scope, where);
  }
  if (Array.isArray(template)) return template.map(inner);
  if (!isObject(template)) return template;
  return Object.fromEntries(Object.entries(template).map(([key, item]) => [textOf(inner(key)), inner(item)]));
}
