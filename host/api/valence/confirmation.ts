import { z } from "@hono/zod-openapi";
import type { Answer, Call } from "./serve.ts";

export const confirmation = z.object({ request_id: z.string(), code: z.string(), detail: z.string() });

/** That something is deleted: a confirmation, from 1.1 on without words. Contract: valence-rest, section 2.4. */
export function deleted({ version, requestId }: Pick<Call<unknown>, "version" | "requestId">, what: string): Answer {
  if (version !== "1.0") return { status: 204 };
  return { status: 200, body: { request_id: requestId, code: "DELETED", detail: `${what} is deleted.` } };
}
