// Parameters of a template: given, by default, or left open until something needs them.

import { AppError } from "../errors.ts";
import { isObject, quote, quoteSome } from "./application-fault.ts";
import type { TemplateFile, Where } from "./heat-document.ts";

/** A parameter nobody gave. It may stand where a plan does not look (an image, a network); elsewhere it is a fault. */
export class Unset {
  readonly parameter: string;
  /** How to give it. */
  readonly advice: string;
  /** What its constraints suggest: the first allowed value or the lower end of the range. */
  readonly suggestion: unknown;

  constructor(parameter: string, advice: string, suggestion: unknown) {
    this.parameter = parameter;
    this.advice = advice;
    this.suggestion = suggestion;
  }

  toString(): string {
    return `<${this.parameter}>`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** Where parameter values come from: the command line (text), or the properties of a nested stack (any value). */
export interface Given {
  readonly values: ReadonlyMap<string, unknown>;
  readonly from: "command line" | "properties";
  /** Completes "…; give it a value: ". */
  advice(parameter: string): string;
}

/**
 * Values of all declared parameters.
 * @param check their constraints; the patterns among them are those of the template's author, and may take for ever
 * @throws AppError config.invalid for a wrong value of the command line, file.invalid for one of the template
 */
export function bindParameters(file: TemplateFile, given: Given, check = true): Map<string, unknown> {
  const bound = new Map<string, unknown>();
  for (const [name, declaration] of Object.entries(file.section("parameters"))) {
    const where = ["parameters", name];
    if (!isObject(declaration)) throw file.fault(where, `is ${quote(declaration)}, it must be a map with a type`);
    const value = given.values.get(name) ?? declaration.default;
    if (value === undefined || value === null) {
      bound.set(
        name,
        declaration.default === null ? null : new Unset(name, given.advice(name), suggestion(declaration)),
      );
      continue;
    }
    if (value instanceof Unset) {
      bound.set(name, value);
      continue;
    }
    const wrong = (text: string) =>
      given.from === "command line" && given.values.has(name)
        ? new AppError("config.invalid", `parameter ${name} (${quote(value)}): ${text} (${file.at(where)})`)
        : file.fault(where, `value ${quote(value)}: ${text}`);
    const typed = converted(value, String(declaration.type ?? "string"), wrong);
    if (check) checkConstraints(typed, declaration, wrong);
    bound.set(name, typed);
  }
  return bound;
}

/** Names that were given but are not declared. */
export function undeclared(file: TemplateFile, given: Given): string[] {
  const declared = file.section("parameters");
  return [...given.values.keys()].filter((name) => !Object.hasOwn(declared, name));
}

function converted(value: unknown, type: string, wrong: (text: string) => Error): unknown {
  switch (type) {
    case "number": {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      if (typeof number !== "number" || Number.isNaN(number)) throw wrong("must be a number");
      return number;
    }
    case "boolean": {
      if (typeof value === "boolean") return value;
      const text = String(value).toLowerCase();
      if (["t", "true", "on", "y", "yes", "1"].includes(text)) return true;
      if (["f", "false", "off", "n", "no", "0"].includes(text)) return false;
      throw wrong("must be true or false");
    }
    case "comma_delimited_list":
      if (Array.isArray(value)) return value;
      return String(value) === ""
        ? []
        : String(value)
            .split(",")
            .map((item) => item.trim());
    case "json":
      if (typeof value !== "string") return value;
      try {
        return JSON.parse(value);
      } catch (cause) {
        throw wrong(`must be JSON (${String(cause)})`);
      }
    case "string":
      return typeof value === "object" ? value : String(value);
    default:
      throw wrong(`unknown type ${quote(type)}; give string, number, boolean, json or comma_delimited_list`);
  }
}

function suggestion(declaration: Record<string, unknown>): unknown {
  for (const constraint of constraintsOf(declaration)) {
    const { allowed_values: allowed, range } = constraint;
    if (Array.isArray(allowed) && allowed.length > 0) return allowed[0];
    if (isObject(range) && typeof range.min === "number") return range.min;
  }
  return undefined;
}

function checkConstraints(value: unknown, declaration: Record<string, unknown>, wrong: (text: string) => Error): void {
  for (const { allowed_values: allowed, range, length, allowed_pattern: pattern } of constraintsOf(declaration)) {
    const values = Array.isArray(value) && declaration.type === "comma_delimited_list" ? value : [value];
    if (Array.isArray(allowed) && !values.every((one) => allowed.some((other) => String(other) === String(one))))
      throw wrong(`must be one of ${quoteSome(allowed.map(String), 10)}`);
    if (isObject(range)) checkRange(Number(value), range, "must be", wrong);
    if (isObject(length) && (typeof value === "string" || Array.isArray(value)))
      checkRange(value.length, length, "must have a length", wrong);
    if (typeof pattern === "string" && typeof value === "string" && compiled(pattern)?.test(value) === false)
      throw wrong(`must match ${pattern}`);
  }
}

function checkRange(
  value: number,
  { min, max }: Record<string, unknown>,
  must: string,
  wrong: (text: string) => Error,
): void {
  if ((typeof min === "number" && value < min) || (typeof max === "number" && value > max))
    throw wrong(`${must} from ${min ?? "any"} to ${max ?? "any"}`);
}

function constraintsOf(declaration: Record<string, unknown>): Record<string, unknown>[] {
  return Array.isArray(declaration.constraints) ? declaration.constraints.filter(isObject) : [];
}

/** Heat matches Python expressions at the start of the value; what JavaScript cannot read is not checked. */
function compiled(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})`, "u");
  } catch {
    return undefined;
  }
}

/** @throws AppError file.invalid when an open parameter stands where a plan needs a value */
export function needed(value: unknown, file: TemplateFile, where: Where): unknown {
  if (!(value instanceof Unset)) return value;
  throw file.fault(where, `parameter ${quote(value.parameter)} has no value; ${value.advice}`);
}
