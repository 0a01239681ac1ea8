import { listPodManagers } from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import type { PodManager, Subscription } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import type { Connections } from "./connections.ts";
import { asAppError } from "./everywhere.ts";
import type { Secrets } from "./secrets.ts";

/** Longest time to begin to follow one, ms. */
const LIMIT_MS = 60_000;

export interface FollowingOptions {
  readonly store: Store;
  readonly connections: Connections;
  readonly secrets: Secrets;
  /** Start of the addresses that pod managers push events to, a mark is appended; null: none can reach us. */
  readonly destination: string | null;
  /** Something may have changed at this pod manager. */
  readonly changed: (podManagerId: string) => void;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** Between two looks at which pod managers there are, ms. Default 30,000. */
  readonly everyMs?: number;
}

interface Followed {
  readonly podManager: PodManager;
  readonly stopping: AbortController;
  /** Null: it offers no events, or cannot be asked. */
  readonly subscription: Promise<Subscription | null>;
}

/** Follows the events of every pod manager that offers some, by whichever process it was registered. */
export class Following {
  readonly #options: FollowingOptions;
  readonly #followed = new Map<string, Followed>();
  /** What was said last of each that fails: the log is not filled with the same at every look. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #closed = false;

  constructor(options: FollowingOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), this.#options.everyMs ?? 30_000);
    void this.look();
  }

  /** Follows those that came or changed, and no longer those that are gone. Never rejects. */
  async look(): Promise<void> {
    this.#looking ??= this.#look()
      .catch((error: unknown) => this.#tell("pod managers cannot be followed", error, "all"))
      .finally(() => {
        this.#looking = null;
      });
    await this.#looking;
  }

  /** An event that was pushed to us with this mark. False: the mark is not ours. */
  pushed(mark: string): boolean {
    const id = this.#options.secrets.marked(mark);
    if (id === null) return false;
    this.#options.changed(id);
    return true;
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    const ended = [...this.#followed.values()].map((followed) => this.#end(followed));
    this.#followed.clear();
    await Promise.all(ended);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { store, connections } = this.#options;
    const rows = await store.read((db) => listPodManagers(db));
    if (this.#closed) return;
    const there = new Set(rows.map(({ id }) => id));
    for (const [id, followed] of this.#followed) {
      if (there.has(id)) continue;
      this.#followed.delete(id);
      this.#told.delete(id);
      void this.#end(followed);
    }
    for (const row of rows) {
      let podManager: PodManager;
      try {
        podManager = connections.of(row);
      } catch (error) {
        this.#tell("a pod manager cannot be followed", error, row.id);
        continue;
      }
      const known = this.#followed.get(row.id);
      if (known?.podManager === podManager) continue;
      if (known !== undefined) void this.#end(known);
      if (podManager.follow === undefined) this.#followed.delete(row.id);
      else this.#follow(row.id, podManager);
    }
  }

  #follow(podManagerId: string, podManager: PodManager): void {
    const { destination, secrets, changed } = this.#options;
    const mark = secrets.mark(podManagerId);
    const address = destination === null ? null : `${destination.replace(/\/+$/, "")}/${mark}`;
    const stopping = new AbortController();
    const limit = setTimeout(
      () => stopping.abort(new AppError("pod-manager.timeout", "its events cannot be had in time")),
      LIMIT_MS,
    );
    const options = { changed: () => changed(podManagerId), destination: address, context: podManagerId };
    const begun = Promise.resolve(podManager.follow?.(options, stopping.signal) ?? null);
    const followed: Followed = {
      podManager,
      stopping,
      subscription: begun
        .catch((error: unknown) => {
          if (!this.#closed) this.#tell("the events of a pod manager cannot be followed yet", error, podManagerId);
          // Tried again at the next look.
          if (this.#followed.get(podManagerId) === followed) this.#followed.delete(podManagerId);
          return null;
        })
        .finally(() => clearTimeout(limit)),
    };
    this.#followed.set(podManagerId, followed);
  }

  async #end({ stopping, subscription }: Followed): Promise<void> {
    stopping.abort(new AppError("pod-manager.unreachable", "events are not followed any more"));
    await (await subscription)
      ?.close()
      .catch((error: unknown) => this.#tell("events are still followed", error, "ended"));
  }

  #tell(message: string, error: unknown, podManagerId: string): void {
    const fault = asAppError(error).message;
    if (this.#told.get(podManagerId) === fault) return;
    this.#told.set(podManagerId, fault);
    this.#options.log(message, { podManagerId, fault });
  }
}
