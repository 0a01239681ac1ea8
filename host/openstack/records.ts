// What a cloud says of itself, whether an answer of Nova says it or a message on the bus. The clients and the bus make
// these records, the services act on them; neither knows the other.

/** Whole numbers >= 0. */
export interface Size {
  readonly vcpus: number;
  readonly ramMiB: number;
  /** Root, ephemeral and swap disk together, rounded up. */
  readonly diskGiB: number;
}

/**
 * - building: not running yet. It holds what it needs as soon as it has a host.
 * - active: runs, or is stopped, paused or suspended: it holds what it needs.
 * - resized: runs on a new host or with a new flavor and waits for confirmation; it still holds `alsoOn`.
 * - error: failed. It holds what it needs if it has a host.
 * - shelved: holds nothing, and has no host.
 */
export type ServerState = "building" | "active" | "resized" | "error" | "shelved";

/** One server. What a source does not tell is null and leaves what is known as it is. */
export interface ServerRecord {
  /** Its UUID. */
  readonly id: string;
  readonly name: string | null;
  readonly projectId: string | null;
  readonly state: ServerState;
  /** Null: it has none (yet). */
  readonly host: string | null;
  readonly size: Size | null;
  /**
   * What it holds elsewhere, or twice on the same host, while it migrates or waits for a resize to be confirmed. Null:
   * nothing; but for a server that is `resized`, not told: then what is known stays, or else where it was until now.
   */
  readonly alsoOn: { readonly host: string; readonly size: Size } | null;
  readonly zone: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Scheduler hints, each as a list. */
  readonly hints: Readonly<Record<string, readonly string[]>> | null;
  /** When it was so by the clock of the source, ms since 1970; null: unknown, and later than all that came before. */
  readonly at: number | null;
}

/** One thing that happened, or is so. Each may come twice, late, or never. */
export type CloudChange =
  | { readonly kind: "server"; readonly server: ServerRecord }
  /** It was deleted, or never came to be; `host`: where it was, if that was told. */
  | { readonly kind: "server-gone"; readonly id: string; readonly host: string | null; readonly at: number | null }
  /** A build on this host failed; Nova may try another one. */
  | { readonly kind: "build-failed"; readonly id: string; readonly host: string | null; readonly at: number | null }
  /** A compute service was enabled, disabled, came up or went down. */
  | { readonly kind: "host"; readonly host: string; readonly up: boolean; readonly at: number | null }
  /** Facts changed in a way that only reading them again tells. */
  | { readonly kind: "facts"; readonly of: "hosts" | "aggregates" | "flavors" | "server-groups" };

/** A server group of Nova. */
export interface ServerGroupRecord {
  readonly id: string;
  readonly name: string;
  readonly projectId: string | null;
  readonly policy: "affinity" | "anti-affinity" | "soft-affinity" | "soft-anti-affinity";
  /** Most members on one host under anti-affinity; 1 unless the group says otherwise. */
  readonly mostPerHost: number;
  /** UUIDs of servers. */
  readonly members: readonly string[];
}
