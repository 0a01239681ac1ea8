import { listGroups } from "../../db/queries/groups.ts";
import { currentVersion } from "../../db/queries/inventory.ts";
import {
  countServers,
  faultyServers,
  forgetGone,
  neverHeardOf,
  replaceServerGroups,
  serversAfter,
  unbuiltSince,
} from "../../db/queries/servers.ts";
import type { Db, Store } from "../../db/store.ts";
import type { CloudChange, ServerGroupRecord, ServerRecord } from "../openstack/records.ts";
import type { InventoryService } from "./inventory.ts";
import { hintedOf } from "./server-hints.ts";
import { ServerLedger } from "./server-ledger.ts";
import {
  buildFailed,
  CLOCKS_MS,
  isAhead,
  isToldSince,
  type News,
  neverBuilt,
  newTally,
  regrouped,
  reverified,
  serverIs,
  serverIsGone,
  type Tally,
} from "./server-rules.ts";

/** Servers in one commit: plans wait for it. */
const CHUNK = 500;
/** Times of servers that are kept in memory, see `#latest`. */
const MOST_TIMES = 100_000;
/** Hosts or servers in one line of the log. */
const MOST_LOGGED = 20;
/** Of a server that is built something is heard sooner than this, ms. */
const UNHEARD_MS = 20_000;
/** For so long a deleted server stays known, ms: news of it that come later are of no harm. */
const REMEMBER_GONE_MS = 3_600_000;

type ServerChange = Exclude<CloudChange, { kind: "host" | "facts" }>;

/** All servers of the cloud. */
export interface ServerListing {
  readonly servers: Iterable<ServerRecord> | AsyncIterable<ServerRecord>;
  /** Null: they could not be read, and stay as they are known. */
  readonly groups: readonly ServerGroupRecord[] | null;
  /** When the listing began, ms since 1970 by the clock of this machine: what was told since is newer. */
  readonly startedAt: number;
}

export interface Reconciled {
  /** How many the listing has. */
  readonly servers: number;
  readonly added: number;
  readonly moved: number;
  readonly resized: number;
  readonly removed: number;
  /** Reservations given up because nothing was built in time. */
  readonly lapsed: number;
}

export interface ServerFault {
  readonly id: string;
  /** In words. */
  readonly fault: string;
}

export interface ServerServiceOptions {
  readonly store: Store;
  readonly inventory: InventoryService;
  /** For so long a reservation waits for its server to be built, or to move there, s. */
  readonly pendingGraceSeconds: number;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** ms since 1970. */
  readonly now?: () => number;
}

/** What news come to, and on what that rests. */
interface Draft extends News {
  /** Versions of what memory held: of the store, and of memory itself. */
  readonly memory: { readonly store: number; readonly facts: number };
  /** It rests on nothing but commits to the inventory and on the plans: no groups of Valet, which have no version. */
  readonly isAlone: boolean;
}

/**
 * Keeps what servers hold, their placements and plans as the cloud tells of them. Every change may come twice, late or
 * never; whatever is wrong then is right again after the next listing.
 */
export class ServerService {
  readonly #options: ServerServiceOptions;
  readonly #now: () => number;
  /** Server id -> the latest time of its news, in the order of arrival; of the last ones only. */
  readonly #latest = new Map<string, number>();
  /** Hosts that have been told of in the log. */
  readonly #unknownHosts = new Set<string>();
  /** Ids of servers in the last listing of which something could not be kept; they have been told of in the log. */
  #unkept: ReadonlySet<string> = new Set();

  constructor(options: ServerServiceOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Applies changes in their order, in one commit for each five hundred; those about hosts and facts are not for this
   * service. What changes nothing commits nothing.
   * @throws AppError store.unavailable; applying them again does no harm
   */
  async apply(changes: readonly CloudChange[]): Promise<void> {
    const news = changes.filter((change) => change.kind !== "host" && change.kind !== "facts").filter(isSane);
    const timely = news.filter((change) => !this.#isLate(change));
    for (let from = 0; from < timely.length; from += CHUNK) {
      const chunk = timely.slice(from, from + CHUNK);
      await this.#commit({ records: recordsOf(chunk), ids: idsOf(chunk) }, null, (told) => {
        for (const change of chunk) applyOne(told, change);
      });
      for (const change of chunk) this.#remember(change);
    }
  }

  /** All server groups of the cloud; others are forgotten. @throws AppError store.unavailable */
  async replaceGroups(groups: readonly ServerGroupRecord[]): Promise<void> {
    const rows = groups
      .filter(({ id, members }) => [id, ...members].every(isText))
      .map(({ id, name, projectId, policy, mostPerHost, members }) => {
        return { id, name, projectId, policy, mostPerHost, members: [...new Set(members)] };
      });
    const members = await this.#options.inventory.commit(async (tx) => {
      return { result: await replaceServerGroups(tx, rows), change: { put: [], remove: [] } };
    });
    for (let from = 0; from < members.length; from += CHUNK) {
      const ids = members.slice(from, from + CHUNK);
      await this.#commit({ ids }, null, (news) => {
        for (const id of ids) regrouped(news, id, rows);
      });
    }
  }

  /**
   * Brings everything to what a full listing tells: adds, moves and removes servers, and gives up reservations for which
   * nothing was built in time. What was told after the listing began stays, and so does a server of which the listing
   * says what no store can keep.
   * @throws AppError store.unavailable, and whatever reading the listing throws; then nothing has been removed
   */
  async reconcile({ servers, groups, startedAt }: ServerListing): Promise<Reconciled> {
    if (groups !== null) await this.replaceGroups(groups);
    const total = newTally();
    const seen = new Set<string>();
    /** Never built and on no host: it takes no reservation any more. */
    const failed = new Set<string>();
    const unkept = new Set<string>();
    let chunk: ServerRecord[] = [];
    let uncounted = CHUNK;
    const flush = async () => {
      const records = chunk;
      chunk = [];
      const tally = await this.#commit({ records, ids: records.map(({ id }) => id) }, startedAt, (news) => {
        for (const record of records) serverIs(news, record);
      });
      for (const { id, at } of records) if (isAhead(this.#latest.get(id) ?? null, at)) this.#latest.delete(id);
      add(total, tally);
      if (total.added < uncounted) return;
      // Many are new: until it has counted them, the store reads all of them to find some.
      uncounted = total.added * 4;
      await this.#options.store.read(countServers);
    };
    for await (const record of servers) {
      if (!isText(record.id) || seen.has(record.id)) continue;
      seen.add(record.id);
      if (record.state === "error" && record.host === null) failed.add(record.id);
      if (!isSane({ kind: "server", server: record })) unkept.add(record.id);
      else if (chunk.push(record) === CHUNK) await flush();
    }
    await flush();
    this.#tellUnkept(unkept);
    add(total, await this.#removeMissing(seen, startedAt));
    add(total, await this.#giveUp((id) => seen.has(id) && !failed.has(id)));
    const { added, moved, resized, removed, lapsed } = total;
    return { servers: seen.size, added, moved, resized, removed, lapsed };
  }

  /**
   * Ids of servers for which something was reserved a while ago, and of which nothing was heard since: Nova tells nobody
   * when one is deleted before it was given to a host. The oldest first, so many at most. @throws AppError store.unavailable
   */
  async unheard(most: number): Promise<string[]> {
    const rows = await this.#options.store.read((db) => neverHeardOf(db, this.#now() - UNHEARD_MS, most));
    return rows.map(({ resourceId }) => resourceId!);
  }

  /** Servers that break a rule where they are, looked at once more. @throws AppError store.unavailable */
  async faults(): Promise<ServerFault[]> {
    const before = (await this.#options.store.read(faultyServers)).map(({ id }) => id);
    for (let from = 0; from < before.length; from += CHUNK) {
      const ids = before.slice(from, from + CHUNK);
      await this.#commit({ ids }, null, (news) => {
        for (const id of ids) reverified(news, id);
      });
    }
    const rows = await this.#options.store.read(faultyServers);
    return rows.map(({ id, fault }) => ({ id, fault: fault! }));
  }

  async #removeMissing(seen: ReadonlySet<string>, startedAt: number): Promise<Tally> {
    const { store, inventory } = this.#options;
    const total = newTally();
    for (let after = ""; ; ) {
      const rows = await store.read((db) => serversAfter(db, after, CHUNK));
      const missing = rows.filter(({ id, state, appliedAt }) => {
        return state !== "gone" && !seen.has(id) && !isToldSince(appliedAt, startedAt, this.#now());
      });
      const ids = missing.map(({ id }) => id);
      const tally = await this.#commit({ ids }, startedAt, (news) => {
        for (const id of ids) serverIsGone(news, id, null);
      });
      add(total, tally);
      if (rows.length < CHUNK) break;
      after = rows.at(-1)!.id;
    }
    await inventory.commit(async (tx) => {
      await forgetGone(tx, this.#now() - REMEMBER_GONE_MS);
      return { result: undefined, change: { put: [], remove: [] } };
    });
    return total;
  }

  /** Reservations that no server of the listing is to take. */
  async #giveUp(isThere: (serverId: string) => boolean): Promise<Tally> {
    const { store } = this.#options;
    const before = this.#now() - this.#graceMs;
    const ahead = this.#now() + CLOCKS_MS;
    const rows = await store.read((db) => unbuiltSince(db, before, ahead));
    const late = rows.filter(({ resourceId, plannedAt }) => {
      return resourceId === null || !isThere(resourceId) || (plannedAt ?? 0) > ahead;
    });
    const total = newTally();
    for (let from = 0; from < late.length; from += CHUNK) {
      const ids = late.slice(from, from + CHUNK).map(({ id }) => id);
      const tally = await this.#commit({ ids, placementIds: ids }, null, (news) => {
        for (const id of ids) {
          const row = news.ledger.holding(id);
          const { resourceId = null, plannedAt = null } = row ?? {};
          // Planned by a clock that has been set back since: the time begins now.
          if (row !== undefined && (plannedAt ?? 0) > ahead) news.ledger.put({ ...row, plannedAt: news.now });
          // Reserved, built or planned anew meanwhile.
          const isTaken = resourceId !== null && (isThere(resourceId) || news.ledger.servers.get(resourceId)?.built);
          if (!isTaken && (plannedAt ?? 0) < before) neverBuilt(news, id);
        }
      });
      add(total, tally);
    }
    return total;
  }

  get #graceMs(): number {
    return this.#options.pendingGraceSeconds * 1000;
  }

  /** Looks first whether there is anything to write: most news say what is known. */
  async #commit(
    {
      ids,
      placementIds = [],
      records = [],
    }: { ids: readonly string[]; placementIds?: readonly string[]; records?: readonly ServerRecord[] },
    listedAt: number | null,
    apply: (news: News) => void,
  ): Promise<Tally> {
    if (ids.length === 0) return newTally();
    const { store, inventory } = this.#options;
    const hints = records.map((record) => hintedOf(record.hints)).filter((hint) => hint !== null);
    const wanted = { ids: [...new Set(ids)], placementIds, hints };
    const decide = async (db: Db, lock: boolean): Promise<Draft> => {
      const now = this.#now();
      const ledger = await ServerLedger.load(db, wanted, lock, now);
      const knows = (host: string) => inventory.inventory.hosts.has(host);
      const isTold = records.some(({ metadata }) => metadata?.valet !== undefined);
      const isAsked = isTold || [...ledger.servers.values()].some(({ valet }) => valet !== null);
      const surroundings = { inventory: inventory.inventory, groups: isAsked ? await listGroups(db) : [] };
      const news = { ledger, surroundings, knows, now, graceMs: this.#graceMs, listedAt, tally: newTally() };
      const memory = { store: inventory.version, facts: inventory.inventory.version };
      apply(news);
      return { ...news, memory, isAlone: !isAsked };
    };
    await inventory.catchUp();
    const draft = await store.transaction(
      async (tx) => {
        const version = await currentVersion(tx);
        const news = await decide(tx, false);
        return { ...news, isAlone: news.isAlone && news.memory.store === version };
      },
      { snapshot: true },
    );
    this.#tell(draft.tally);
    if (!draft.ledger.isChanged) return draft.tally;
    return await inventory.commit(async (tx, version) => {
      // Plans wait from here on: what was found stands if nothing has come between.
      const stands = isUnmoved(draft, version, inventory) && (await draft.ledger.isCurrent(tx, wanted.ids));
      const { ledger, tally } = stands ? draft : await decide(tx, true);
      if (!ledger.isChanged) return { result: tally };
      return { result: tally, change: await ledger.write(tx, version) };
    });
  }

  #tell({ unknownHosts, astray }: Tally): void {
    const { log } = this.#options;
    const hosts = [...unknownHosts].filter((host) => !this.#unknownHosts.has(host));
    // The names are what a message says: no more of them than of times.
    if (this.#unknownHosts.size + hosts.length > MOST_TIMES) this.#unknownHosts.clear();
    for (const host of hosts) this.#unknownHosts.add(host);
    if (hosts.length > 0)
      log("servers run on hosts that are not known, and count once these are", { hosts: hosts.slice(0, MOST_LOGGED) });
    if (astray.size > 0)
      log("servers were built on other hosts than planned", { servers: [...astray].slice(0, MOST_LOGGED) });
  }

  #tellUnkept(unkept: ReadonlySet<string>): void {
    const servers = [...unkept].filter((id) => !this.#unkept.has(id));
    this.#unkept = unkept;
    if (servers.length > 0)
      this.#options.log("servers with a size, a host or metadata beyond measure stay as they were known", {
        servers: servers.slice(0, MOST_LOGGED),
        count: servers.length,
      });
  }

  /** Older than what this process has applied already, though the store need not have kept the time of it. */
  #isLate(change: ServerChange): boolean {
    const { id, at } = change.kind === "server" ? change.server : change;
    return change.kind !== "server-gone" && at !== null && at < (this.#latest.get(id) ?? at);
  }

  #remember(change: ServerChange): void {
    const { id, at } = change.kind === "server" ? change.server : change;
    if (at === null) return;
    const latest = Math.max(at, this.#latest.get(id) ?? at);
    this.#latest.delete(id);
    this.#latest.set(id, latest);
    if (this.#latest.size > MOST_TIMES)
      for (const oldest of this.#latest.keys()) return void this.#latest.delete(oldest);
  }
}

/** Has nothing been committed since, neither to the store, which `version` is about to be, nor to memory? */
function isUnmoved({ memory, isAlone }: Draft, version: number, { inventory }: InventoryService): boolean {
  return isAlone && memory.store === version - 1 && memory.facts === inventory.version;
}

function applyOne(news: News, change: ServerChange): void {
  if (change.kind === "server") serverIs(news, change.server);
  else if (change.kind === "server-gone") serverIsGone(news, change.id, change.at);
  else buildFailed(news, change.id, change.host, change.at);
}

function recordsOf(changes: readonly ServerChange[]): ServerRecord[] {
  return changes.flatMap((change) => (change.kind === "server" ? [change.server] : []));
}

function idsOf(changes: readonly ServerChange[]): string[] {
  return changes.map((change) => (change.kind === "server" ? change.server.id : change.id));
}

function add(total: Tally, part: Tally): void {
  for (const key of ["added", "moved", "resized", "removed", "lapsed"] as const) total[key] += part[key];
}

/** Can the store keep it? */
function isSane(change: ServerChange): boolean {
  if (change.kind !== "server") return isText(change.id) && (change.host === null || isText(change.host));
  const { id, host, size, alsoOn, metadata } = change.server;
  const sizes = [size, alsoOn?.size ?? null].filter((each) => each !== null);
  return (
    isText(id) &&
    [host, alsoOn?.host ?? null].every((name) => name === null || isText(name)) &&
    sizes.every((each) => [each.vcpus, each.ramMiB, each.diskGiB].every(isCount)) &&
    !(metadata?.valet ?? "").includes("\0")
  );
}

function isText(text: string): boolean {
  return text !== "" && text.length <= 255 && !text.includes("\0");
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}
