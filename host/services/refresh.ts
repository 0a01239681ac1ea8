// Keeps the inventory as the cloud tells it: all of it at start and now and then, what changed in between, and what
// somebody heard of.

import { AppError } from "../errors.ts";
import type { CloudSource } from "./cloud-source.ts";
import type { Reread } from "./events.ts";
import type { InventoryService } from "./inventory.ts";
import type { Reconciled, ServerService } from "./servers.ts";
import { Turns } from "./turns.ts";

/** What can be read by itself; facts: of hosts, aggregates and flavors; changes: of servers, and which hosts are up. */
export type Reading = "all" | "facts" | "flavors" | "server-groups" | "changes";

const READING_OF: Readonly<Record<Reread, Reading>> = {
  hosts: "facts",
  aggregates: "facts",
  flavors: "flavors",
  "server-groups": "server-groups",
  services: "changes",
  everything: "all",
};

/** One reading, as it ended. */
export interface ReadingReport {
  readonly what: Reading;
  /** When it began. */
  readonly at: Date;
  readonly seconds: number;
  /** Null: it went well. */
  readonly fault: string | null;
  /** Hosts whose facts changed, with those that are new and those that vanished. */
  readonly changedHosts: number;
  /** Of a reading of everything. */
  readonly servers: Reconciled | null;
}

export interface RefreshState {
  /** Now; null: nothing. */
  readonly reading: Reading | null;
  /** A reading of everything was asked for and has not begun. */
  readonly waiting: boolean;
  /** How the last reading of everything ended; null: none has. */
  readonly last: ReadingReport | null;
}

export interface RefreshOptions {
  readonly source: CloudSource;
  readonly inventory: InventoryService;
  readonly servers: Pick<ServerService, "apply" | "reconcile" | "replaceGroups" | "unheard">;
  /** Between two readings of everything. */
  readonly fullSeconds: number;
  /** Between two readings of what changed; 0: never. */
  readonly changesSeconds: number;
  /** Called before the facts are read, e.g. to read a file of the operator again. */
  readonly prepare?: () => void;
  /** Called when the facts were read. */
  readonly toldFacts?: () => void;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
  /** Wait for more of a kind after one was heard, ms. */
  readonly settleMs?: number;
}

/** After a failure it is tried again after a second, then two, four … up to this, s. */
const LONGEST_PAUSE_SECONDS = 60;
const SETTLE_MS = 2_000;
/** For those who name what nobody knows, any user may, it is asked for at most this often, ms. */
const ASKED_PAUSE_MS = 1_000;
/** And reading it takes at most one part of so many of the cloud's time. */
const ASKED_SHARE = 10;
/** Servers that nobody told of and that are asked for one by one, in one reading. */
const MOST_UNHEARD = 50;
/** Nova's clocks may differ by so much, and a change may become visible so late, ms. */
const OVERLAP_MS = 60_000;

/** One reading at a time. Schedules go by the monotonic clock: a clock that is set changes nothing. */
export class Refresh {
  readonly #options: RefreshOptions;
  readonly #turn = new Turns(1);
  readonly #heard = new Set<Reading>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Told of each reading. */
  onRead: (report: ReadingReport) => void = () => {};
  #settling = false;
  #closed = false;
  #failures = 0;
  /** The next schedule of a full reading; an unplanned one moves it. */
  #next: NodeJS.Timeout | undefined;
  /** A full reading that waits for its turn: who asks for one meanwhile gets this. */
  #waiting: Promise<ReadingReport> | null = null;
  #running: Reading | null = null;
  #last: ReadingReport | null = null;
  /** By Nova's clock, ms since 1970: all before is known; null: nothing is. */
  #knownTo: number | null = null;
  /** Readings for who named what nobody knows, and until when each is not begun again, by the monotonic clock. */
  readonly #asked = new Map<"flavors" | "facts", Promise<void>>();
  readonly #restsUntil = new Map<"flavors" | "facts", number>();

  constructor(options: RefreshOptions) {
    this.#options = options;
    options.inventory.refetch = (what) => this.#refetch(what);
  }

  /**
   * Reads everything for the first time and begins the schedule. With a store that knows hosts it returns at once, and
   * what cannot be read is tried again; with an empty one it returns when everything was read.
   * @throws AppError cloud.unavailable, cloud.unreadable, store.unavailable when nothing is known and nothing can be read
   */
  async start(): Promise<void> {
    const empty = this.#options.inventory.inventory.hosts.size === 0;
    const first = this.#full();
    if (empty) {
      const { failure } = await first;
      if (failure) throw failure;
    }
    if (this.#options.changesSeconds > 0) this.#everyChanges();
  }

  /** What keeps plans from being made, in words; null: nothing. */
  notReady(): string | null {
    if (this.#knownTo !== null || this.#options.inventory.inventory.hosts.size > 0) return null;
    return "the data center is being read from the cloud for the first time";
  }

  get state(): RefreshState {
    return { reading: this.#running, waiting: this.#waiting !== null, last: this.#last };
  }

  /** Reads everything, after what is being read now. Never throws: the report tells. */
  now(): Promise<ReadingReport> {
    const waiting = this.#waiting ?? this.#queued();
    this.#waiting = waiting;
    return waiting;
  }

  /** Reads what changed, soon: more of it may be heard in the next moments. */
  soon(heard: Reread): void {
    this.#heard.add(READING_OF[heard]);
    if (this.#settling || this.#closed) return;
    this.#settling = true;
    this.#after(this.#options.settleMs ?? SETTLE_MS, async () => {
      this.#settling = false;
      const wanted = [...this.#heard];
      this.#heard.clear();
      if (wanted.includes("all")) {
        await this.now();
        return;
      }
      for (const what of wanted) {
        // The facts have the flavors in them.
        if (what === "flavors" && wanted.includes("facts")) continue;
        const { failure } = await this.#read(what);
        if (failure) {
          this.#tryAgain();
          return;
        }
      }
    });
  }

  /** Nothing is begun any more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #queued(): Promise<ReadingReport> {
    const { report } = await this.#full(() => {
      this.#waiting = null;
    });
    return report;
  }

  async #full(begun = () => {}): Promise<{ report: ReadingReport; failure: unknown }> {
    const outcome = await this.#read("all", begun);
    this.#failures = outcome.failure ? this.#failures + 1 : 0;
    const { fullSeconds } = this.#options;
    this.#schedule(outcome.failure ? this.#pause() : fullSeconds * (0.9 + Math.random() / 5));
    return outcome;
  }

  #pause(): number {
    return Math.min(this.#options.fullSeconds, LONGEST_PAUSE_SECONDS, 2 ** (this.#failures - 1));
  }

  /** Something was missed, so everything is read; not at once, as the cloud is in trouble. */
  #tryAgain(): void {
    this.#failures++;
    this.#schedule(this.#pause());
  }

  #schedule(seconds: number): void {
    if (this.#next) {
      clearTimeout(this.#next);
      this.#timers.delete(this.#next);
    }
    this.#next = this.#after(seconds * 1000, async () => {
      await this.now();
    });
  }

  #everyChanges(): void {
    this.#after(this.#options.changesSeconds * 1000, async () => {
      // While everything is read, or could not be, there is nothing to add to.
      if (this.#running === null && this.#failures === 0 && this.#knownTo !== null) {
        const { failure } = await this.#read("changes");
        if (failure) this.#tryAgain();
      }
      this.#everyChanges();
    });
  }

  async #read(what: Reading, begun = () => {}): Promise<{ report: ReadingReport; failure: unknown }> {
    return await this.#turn.take(async () => {
      // Not before who asked has it.
      await null;
      begun();
      this.#running = what;
      const at = new Date();
      const began = performance.now();
      let failure: unknown = null;
      let done = { changedHosts: 0, servers: null as Reconciled | null };
      try {
        if (this.#closed) throw new AppError("cloud.unavailable", "the service is stopping");
        done = { ...done, ...(await this.#reading(what)) };
      } catch (error) {
        failure = error;
      }
      this.#running = null;
      const seconds = Math.round(performance.now() - began) / 1000;
      const fault = failure === null ? null : failure instanceof Error ? failure.message : String(failure);
      const report: ReadingReport = { what, at, seconds, fault, ...done };
      if (what === "all") this.#last = report;
      if (!this.#closed) this.#tell(report, failure);
      return { report, failure };
    });
  }

  #tell(report: ReadingReport, failure: unknown): void {
    const { log } = this.#options;
    this.onRead(report);
    const { what, seconds, fault, changedHosts, servers } = report;
    if (failure instanceof AppError)
      log.warn({ what, seconds, fault }, "the cloud could not be read; what was known stays");
    else if (failure !== null)
      log.warn({ what, seconds, err: failure }, "reading the cloud failed; what was known stays");
    else if (what === "all" || changedHosts > 0)
      log.info({ what, seconds, changedHosts, ...servers }, "the cloud was read");
  }

  async #reading(what: Reading): Promise<{ changedHosts?: number; servers?: Reconciled }> {
    const { source, inventory, servers } = this.#options;
    switch (what) {
      case "flavors":
        await inventory.replaceFacts({ flavors: await source.flavors() });
        return {};
      case "server-groups":
        await servers.replaceGroups(await source.serverGroups());
        return {};
      case "facts":
        return { changedHosts: await this.#facts() };
      case "changes":
        await this.#changes();
        return {};
      case "all": {
        const { at } = await source.up();
        const changedHosts = await this.#facts();
        const startedAt = Date.now();
        const groups = await source.serverGroups();
        const reconciled = await servers.reconcile({ servers: source.servers(), groups, startedAt });
        this.#knownTo = at;
        return { changedHosts, servers: reconciled };
      }
    }
  }

  async #facts(): Promise<number> {
    const { source, inventory, prepare, toldFacts, log } = this.#options;
    prepare?.();
    const { dataCenter, blind } = await source.facts((host) => inventory.inventory.hosts.get(host));
    toldFacts?.();
    if (blind.length > 0)
      log.warn(
        { hosts: blind.slice(0, 20), count: blind.length },
        "compute services without a hypervisor take no server",
      );
    const { hosts, racks = [], aggregates, flavors } = dataCenter;
    const changes = await inventory.replaceFacts({ hosts, racks, aggregates, flavors });
    return changes === null ? 0 : changes.hosts.length + changes.vanished.length;
  }

  async #changes(): Promise<void> {
    const { source, inventory, servers } = this.#options;
    const { hosts, at } = await source.up();
    await inventory.setUp(hosts);
    if ([...hosts.keys()].some((host) => !inventory.inventory.hosts.has(host))) await this.#facts();
    for await (const page of source.changes((this.#knownTo ?? at) - OVERLAP_MS)) await servers.apply(page);
    const missing = await source.missing(await servers.unheard(MOST_UNHEARD));
    await servers.apply(missing.map((id) => ({ kind: "server-gone", id, host: null, at: null })));
    this.#knownTo = at;
  }

  /** For somebody who named a flavor or a zone that nobody knows: one reading for all who wait. */
  async #refetch(what: "flavors" | "facts"): Promise<void> {
    let asked = this.#asked.get(what);
    if (asked === undefined) {
      if (performance.now() < (this.#restsUntil.get(what) ?? 0)) return;
      asked = this.#again(what).finally(() => this.#asked.delete(what));
      this.#asked.set(what, asked);
    }
    await asked;
  }

  async #again(what: "flavors" | "facts"): Promise<void> {
    const { source, inventory } = this.#options;
    let began = performance.now();
    if (what === "flavors") await inventory.replaceFacts({ flavors: await source.flavors() });
    else {
      // What it waits for its turn takes nothing of the cloud.
      const { failure } = await this.#read(what, () => {
        began = performance.now();
      });
      if (failure) throw failure;
    }
    const now = performance.now();
    const rest = Math.min(LONGEST_PAUSE_SECONDS * 1000, ASKED_SHARE * (now - began));
    this.#restsUntil.set(what, now + Math.max(ASKED_PAUSE_MS, rest));
  }

  #after(ms: number, work: () => Promise<void>): NodeJS.Timeout | undefined {
    if (this.#closed) return undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      // Readings tell of their failures themselves.
      work().catch((error: unknown) => this.#options.log.warn({ err: error }, "reading the cloud failed"));
    }, ms);
    timer.unref();
    this.#timers.add(timer);
    return timer;
  }
}
