import type { z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import { isObject } from "../body.ts";
import { validate } from "../validate.ts";
import type { BodyRule } from "./serve.ts";

/** A body that is one object of a schema. What is at or below a field of `secret` is never repeated in an error. */
export function jsonBody<Body>(
  schema: z.ZodType<Body>,
  { optional = false, secret = [] }: { optional?: boolean; secret?: readonly string[] } = {},
): BodyRule<Body> {
  return {
    schema,
    optional,
    read(json) {
      if (!isObject(json)) throw new AppError("request.malformed", "The body is JSON, but no object.");
      return validate(schema, json, secret);
    },
  };
}
