import type { IncomingMessage } from "node:http";
import type { Env } from "../context.ts";
import type { Version } from "./version.ts";

/** What a caller may do. `anonymous`: all, but for writes through the Redfish passthrough. */
export type Rights = "anonymous" | "reader" | "admin";

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
