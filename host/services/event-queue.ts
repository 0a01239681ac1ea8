import type { CloudChange, ServerRecord } from "../openstack/records.ts";

/** What is applied; facts are read again instead. */
export type Event = Exclude<CloudChange, { kind: "facts" }>;

interface Entry {
  event: Event;
}

/**
 * Changes that wait to be applied, in order. What is told of a server twice becomes one change, so that a long wait
 * costs what is different at its end, not what happened meanwhile. Bounded: beyond `limit` nothing is taken.
 */
export class EventQueue {
  readonly #limit: number;
  #entries: Entry[] = [];
  /** Entries before it were taken. */
  #head = 0;
  /** The last one of each server and host that still waits. */
  readonly #last = new Map<string, Entry>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** "merged": another one says both; "full": it was not taken. */
  offer(event: Event): "queued" | "merged" | "full" {
    const key = keyOf(event);
    const last = this.#last.get(key);
    const both = last === undefined ? null : merged(last.event, event);
    if (last !== undefined && both !== null) {
      last.event = both;
      return "merged";
    }
    if (this.size >= this.#limit) return "full";
    const entry = { event };
    this.#entries.push(entry);
    this.#last.set(key, entry);
    return "queued";
  }

  /** The first of them, and no longer waiting. */
  take(most: number): Event[] {
    const taken = this.#entries.slice(this.#head, this.#head + most);
    this.#head += taken.length;
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    for (const entry of taken) {
      const key = keyOf(entry.event);
      if (this.#last.get(key) === entry) this.#last.delete(key);
    }
    return taken.map(({ event }) => event);
  }
}

function keyOf(event: Event): string {
  if (event.kind === "host") return `host ${event.host}`;
  return `server ${event.kind === "server" ? event.server.id : event.id}`;
}

/** One change that says what both say, `later` having come later; null when that needs both. */
function merged(earlier: Event, later: Event): Event | null {
  if (earlier.kind === "host" && later.kind === "host") return older(later.at, earlier.at) ? earlier : later;
  if (earlier.kind === "server-gone" && later.kind === "server-gone") {
    const [first, second] = older(later.at, earlier.at) ? [later, earlier] : [earlier, later];
    return { ...second, host: second.host ?? first.host };
  }
  if (earlier.kind === "server" && later.kind === "server") {
    const [first, second] = older(later.server.at, earlier.server.at) ? [later, earlier] : [earlier, later];
    return { kind: "server", server: mergedServers(first.server, second.server) };
  }
  return null;
}

/** Clocks are compared only where both are known; else what comes later is later. */
function older(at: number | null, than: number | null): boolean {
  return at !== null && than !== null && at < than;
}

function mergedServers(first: ServerRecord, second: ServerRecord): ServerRecord {
  return {
    ...second,
    name: second.name ?? first.name,
    projectId: second.projectId ?? first.projectId,
    size: second.size ?? first.size,
    alsoOn: second.alsoOn ?? (second.state === "resized" ? heldBefore(first, second) : null),
    zone: second.zone ?? first.zone,
    metadata: second.metadata ?? first.metadata,
    hints: second.hints ?? first.hints,
  };
}

/** What a server that waits for its resize still holds: as told, or where it was until now. */
function heldBefore(first: ServerRecord, second: ServerRecord): ServerRecord["alsoOn"] {
  const { host, size, state } = first;
  if (first.alsoOn !== null && state === "resized") return first.alsoOn;
  // Told ahead of the move: it held room on both, and what it had is now the other one.
  const moved = host !== null && size !== null && (host !== second.host || first.alsoOn !== null);
  return state !== "resized" && moved ? { host, size } : null;
}
