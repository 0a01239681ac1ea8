// Moves of servers that have not ended: while they last, a server holds room in two places.

import { amountOf, textOf } from "./json.ts";
import type { Entry } from "./service-api.ts";

export interface Migration {
  /** Counts up; old and new releases have it. */
  readonly number: number;
  /** Null in old releases. In Placement it holds the room that the server leaves. */
  readonly uuid: string | null;
  /** UUID of the server. */
  readonly server: string;
  /** Names of compute services. */
  readonly source: string | null;
  readonly target: string | null;
  /** The server got another flavor. */
  readonly resize: boolean;
  /** It waits for the user's word. */
  readonly finished: boolean;
}

/** Every status before the last one, of all kinds of migration; confirmed, reverted, completed, done, failed, error and cancelled end one. */
export const UNFINISHED: readonly string[] = [
  "queued",
  "accepted",
  "preparing",
  "pre-migrating",
  "migrating",
  "running",
  "post-migrating",
  "finished",
  "confirming",
  "reverting",
];

/** Null: of no server. */
export function migrationOf(entry: Entry): Migration | null {
  const server = textOf(entry.instance_uuid);
  if (server === null) return null;
  return {
    number: amountOf(entry.id) ?? 0,
    uuid: textOf(entry.uuid),
    server,
    source: textOf(entry.source_compute),
    target: textOf(entry.dest_compute),
    resize: entry.migration_type === "resize",
    finished: entry.status === "finished",
  };
}
