import { AppError } from "../host/errors.ts";
import { openPglite } from "./pglite.ts";
import { openPostgres } from "./postgres.ts";
import type { Store } from "./store.ts";

/**
 * Opens `pglite:DIR` (embedded, in a directory of one process), `memory:` (embedded, gone with the process) or
 * `postgres://…` (several hosts allowed, the one that takes writes is used), and brings its tables up to date.
 *
 * @throws AppError config.invalid, store.in-use, store.unavailable
 */
export async function openStore(url: string): Promise<Store> {
  if (url === "memory:") return openPglite(undefined);
  if (url.startsWith("pglite:") && url.length > "pglite:".length) return openPglite(url.slice("pglite:".length));
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(url);
  throw new AppError(
    "config.invalid",
    `unknown database (${url.replace(/:[^:@/]*@/, ":…@")}).\nUse pglite:DIR, memory: or postgres://HOST/NAME.`,
  );
}
