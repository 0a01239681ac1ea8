import type { AuthenticationEntry } from "../../../db/queries/pod-managers.ts";
import { AppError } from "../../errors.ts";

/** What stands for a password in every answer; in a change it keeps the one that is stored. */
export const MASK = "***";

/** The entries without their passwords, for the record, and the passwords in the same order. */
export interface SplitAuthentication {
  readonly authentication: AuthenticationEntry[];
  readonly passwords: string[];
}

/**
 * `stored`: what masked passwords stand for, by type and user name, else by position; null: there is none yet.
 * @throws AppError request.invalid without an entry of type `basic`, or when a mask stands for nothing
 */
export function splitAuthentication(
  entries: readonly AuthenticationEntry[],
  stored: SplitAuthentication | null,
): SplitAuthentication {
  if (!entries.some(({ type }) => type === "basic"))
    throw new AppError(
      "request.invalid",
      'authentication: no entry has the type "basic", the only one that is supported',
    );
  const passwords = entries.map(({ type, auth_items: { username, password } }, position) => {
    if (password !== MASK || stored === null) return password;
    const same = stored.authentication.findIndex(
      (entry) => entry.type === type && entry.auth_items.username === username,
    );
    const kept = stored.passwords[same < 0 ? position : same];
    if (kept !== undefined) return kept;
    throw new AppError(
      "request.invalid",
      `authentication: entry ${position} has ${MASK} for a password, which keeps a stored one, but none is stored for it`,
    );
  });
  const authentication = entries.map(({ type, auth_items: { username } }) => ({
    type,
    auth_items: { username, password: MASK },
  }));
  return { authentication, passwords };
}
