import type { Caller } from "../services/identity.ts";

/** What the layers of one request leave for each other. */
export interface Env {
  Variables: {
    requestId: string;
    /** Path pattern in OpenAPI form, for metrics and logs; absent when no route matched. */
    route?: string;
    /** Set on every path that needs a token. */
    caller: Caller;
    /** The JSON of the body, once a handler has read it. */
    requestBody?: unknown;
  };
}
