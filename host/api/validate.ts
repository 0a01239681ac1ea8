import { z } from "@hono/zod-openapi";
import { AppError } from "../errors.ts";
import { clip, pathText } from "./body.ts";

const MAX_SHOWN = 5;

/**
 * The body as the schema reads it. Throws request.invalid naming up to five fields and what each should be. What is at or
 * below a field of `secret` is not repeated.
 */
export function validate<T>(schema: z.ZodType<T>, body: unknown, secret: readonly string[] = []): T {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const shown = issues.slice(0, MAX_SHOWN).map((issue) => sentence(issue, schema, secret));
  if (issues.length > MAX_SHOWN) shown.push(`and ${issues.length - MAX_SHOWN} more`);
  throw new AppError("request.invalid", shown.join("; "));
}

function sentence(issue: z.core.$ZodIssue, schema: z.ZodType, secret: readonly string[]): string {
  if (issue.code === "unrecognized_keys") {
    const keys = issue.keys.slice(0, MAX_SHOWN).map((key) => pathText([...issue.path, key]));
    const known = issue.path.length === 0 && schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    return `${keys.join(", ")}: unknown key${known.length > 0 ? ` (known: ${known.join(", ")})` : ""}`;
  }
  const hidden = issue.path.some((key) => secret.includes(String(key)));
  return `${pathText(issue.path)}: ${fault(issue, hidden)}`;
}

function fault(issue: z.core.$ZodIssue, hidden: boolean): string {
  if (issue.code === "custom") return issue.message;
  if (issue.code === "invalid_key") return `the key: ${wanted(issue.issues[0]!)}`;
  if (issue.input === undefined) return "is required";
  if (hidden) return wanted(issue);
  return `${wanted(issue)}, got ${clip(JSON.stringify(issue.input) ?? String(issue.input), 80)}`;
}

function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${issue.expected === "record" ? "object" : issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
      return `expected at least ${issue.minimum} ${unitOf(issue.origin)}`;
    case "too_big":
      return `expected at most ${issue.maximum} ${unitOf(issue.origin)}`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  return origin === "string" ? "characters" : "entries";
}
