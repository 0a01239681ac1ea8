import type { IncomingMessage } from "node:http";
import type { Env } from "../context.ts";

/** What a caller may do. `anonymous`: all, but for writes through the Redfish passthrough. */
export type Rights = "anonymous" | "reader" | "admin";

/** Microversions of the API. */
export type Version = "1.0" | "1.1";

/** What the layers of one request to Valence's API leave for each other. */
export interface ValenceEnv {
  /** Absent where a request came over no connection. */
  Bindings: { incoming?: IncomingMessage };
  Variables: Env["Variables"] & {
    version: Version;
    /** Set on every path that is not open to everybody. */
    rights: Rights;
  };
}
