import type { MiddlewareHandler } from "hono";
import { AppError } from "../../errors.ts";
import { type IdentitySource, isAdmin } from "../../services/identity.ts";
import type { Env } from "../context.ts";

/** Which requests need the role admin: those on groups and migrations (as Valet in 2017), or every one (as in 2018). */
export type AdminRequired = "groups_and_migrate" | "all";

/** Every path at and below `/v1` needs a token with a project; what was wrong with it is not told. */
export function authenticate(identity: IdentitySource, adminRequired: AdminRequired): MiddlewareHandler<Env> {
  return async (c, next) => {
    const token = c.req.header("X-Auth-Token");
    const caller = token ? await identity.authenticate(token) : null;
    if (caller === null || caller.projectId === "") throw new AppError("request.unauthorized", "No valid token");
    if (adminRequired === "all" && !isAdmin(caller)) {
      throw new AppError("request.unauthorized", "The role admin is missing");
    }
    c.set("caller", caller);
    await next();
  };
}
