import { z } from "@hono/zod-openapi";
import { applyPatch, type Operation } from "rfc6902";
import { AppError } from "../../errors.ts";
import { clip, isObject } from "../body.ts";
import { validate } from "../validate.ts";
import type { BodyRule } from "./serve.ts";

const OPERATIONS = ["add", "replace", "remove", "test"] as const;
const operationSchema = z
  .strictObject({ op: z.enum(OPERATIONS), path: z.string().max(1000), value: z.unknown().optional() })
  .refine(({ op, value }) => op === "remove" || value !== undefined, { message: "value is required" });
const operationsSchema = z.array(operationSchema).max(100);

/** What a PATCH asks for: single operations (RFC 6902), or members to replace. */
export type Patch<Merge> =
  | { readonly operations: readonly z.infer<typeof operationSchema>[] }
  | { readonly merge: Merge };

/** A PATCH by RFC 6902, or by an object whose members replace those of the resource; others of it are ignored. */
export function patchBody<Merge>(
  schema: z.ZodType<Merge>,
  { secret = [] }: { secret?: readonly string[] } = {},
): BodyRule<Patch<Merge>> {
  return {
    schema: z.union([schema, operationsSchema]),
    types: ["application/json-patch+json", "application/merge-patch+json"],
    read(json) {
      if (Array.isArray(json)) return { operations: validate(operationsSchema, json, [...secret, "value"]) };
      if (!isObject(json))
        throw new AppError("request.malformed", "The body is JSON, but neither an object nor a list of operations.");
      return { merge: validate(schema, json, secret) };
    },
  };
}

/**
 * The members of `document` that the operations change, each as a whole; one that they remove is null.
 * `paths`: what they may name, whole.
 * @throws AppError request.invalid, node.changed when a `test` fails
 */
export function changedBy(
  { operations }: Extract<Patch<unknown>, { operations: unknown }>,
  document: Readonly<Record<string, unknown>>,
  paths: RegExp,
): Record<string, unknown> {
  const known = Object.keys(document).map((key) => `/${key}`);
  operations.forEach(({ path }, at) => {
    if (paths.test(path) && !/\/__proto__(\/|$)/.test(path)) return;
    throw new AppError(
      "request.invalid",
      `-> ${at} -> path: ${clip(path, 100)} cannot be changed, but ${known.join(", ")}`,
    );
  });
  const next = structuredClone(document) as Record<string, unknown>;
  applied(next, operations).forEach((fault, at) => {
    if (fault === null) return;
    const { op, path } = operations[at]!;
    if (fault.name === "TestError")
      throw new AppError("node.changed", `-> ${at}: ${clip(path, 100)} has not the value that is tested`);
    throw new AppError("request.invalid", `-> ${at} -> path: there is no ${clip(path, 100)} to ${op}`);
  });
  const changed = Object.keys({ ...document, ...next }).filter(
    (key) => JSON.stringify(next[key]) !== JSON.stringify(document[key]),
  );
  return Object.fromEntries(changed.map((key) => [key, next[key] ?? null]));
}

function applied(
  document: Record<string, unknown>,
  operations: readonly z.infer<typeof operationSchema>[],
): ReturnType<typeof applyPatch> {
  try {
    return applyPatch(document, structuredClone(operations) as Operation[]);
  } catch (cause) {
    // A member is added to a text or a number.
    throw new AppError("request.invalid", "The operations cannot be applied: a path goes through what is no object.", {
      cause,
    });
  }
}
