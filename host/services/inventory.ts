import { isDeepStrictEqual } from "node:util";
import { factsBesideHosts, flavorsAndAggregatesMark, setHostsUp } from "../../db/queries/facts.ts";
import {
  type AllocationRow,
  changedSince,
  currentVersion,
  nextVersion,
  putAllocations,
  removeAllocations,
  stampHosts,
} from "../../db/queries/inventory.ts";
import type { Db, Store } from "../../db/store.ts";
import { Inventory } from "../core/inventory.ts";
import type { DataCenter, Flavor, Host } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { changesOf, type FactChanges, sameHost, storeFactChanges, type ToldFacts } from "./fact-changes.ts";
import { toDataCenter, toFlavor, toHost, toRack, toVm } from "./facts.ts";
import { LIMIT_MS, readStored, type Stored, storeDataCenter } from "./load.ts";
import { Turns } from "./turns.ts";

/** How often a process looks for the commits of others, so that a request finds few of them left to read, ms. */
const POLL_MS = 1000;

/** What a commit does to the VMs of the data center. `generation` is filled in. */
export interface Change {
  /** Added, or replacing those with the same id. */
  readonly put: readonly Omit<AllocationRow, "generation">[];
  readonly remove: readonly string[];
}

/** Without a change nothing is committed, and whatever was written in the transaction is undone. */
export interface Decision<T> {
  readonly result: T;
  readonly change?: Change;
}

/** What a request may name. */
export interface Names {
  flavor(nameOrId: string): Flavor | undefined;
  readonly zones: Pick<ReadonlySet<string>, "has"> & Iterable<string>;
}

/**
 * The data center in memory and in the store. Memory holds what is committed, never more: a commit shows in it once the
 * store has it, so a failed one leaves nothing to undo, and one whose end is unknown is read like those of others.
 *
 * Other processes may commit to the same store. Each commit first takes the store's one lock (the row of `inventory`),
 * then reads what others have committed since, and only then decides whether what it was planned on still holds.
 */
export class InventoryService {
  readonly inventory: Inventory;
  /** Hosts that were in use in the store and that the source did not name at start: they take no VM any more. */
  vanishedHosts = 0;
  /** Has the source asked for flavors, or for all facts, again; null: it cannot be. Set by who knows the source. */
  refetch: ((what: "flavors" | "facts") => Promise<void>) | null = null;
  readonly #store: Store;
  readonly #turn = new Turns(1);
  #flavors: readonly Flavor[] = [];
  #flavorsByName = new Map<string, Flavor>();
  #flavorsById = new Map<string, Flavor>();
  #zones: ReadonlySet<string> | null = null;
  /** Hosts in memory that no source names any more. */
  readonly #absent = new Set<string>();
  /** Of flavors and aggregates, as memory holds them; null: not known. */
  #mark: string | null = null;
  /** Version of the store that memory holds. */
  #seen: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(store: Store, { version, facts, allocations, vanished }: Stored) {
    const dataCenter = toDataCenter(facts, allocations);
    this.#store = store;
    this.#seen = version;
    this.vanishedHosts = vanished;
    this.inventory = new Inventory(dataCenter);
    this.#setFlavors(dataCenter.flavors);
    for (const { name, present } of facts.hosts) if (!present) this.#absent.add(name);
  }

  /** Stores what the source of the data center tells, if one is given, and reads everything from the store. */
  static async open(store: Store, source: DataCenter | null): Promise<InventoryService> {
    const stored = source === null ? await readStored(store) : await storeDataCenter(store, source);
    const service = new InventoryService(store, stored);
    if (store.kind === "postgres") service.#watch();
    return service;
  }

  /** Of the store: that of the last commit that memory holds. */
  get version(): number {
    return this.#seen;
  }

  /** Availability zones of all hosts. */
  get zones(): ReadonlySet<string> {
    this.#zones ??= new Set([...this.inventory.hosts.values()].map(({ zone }) => zone).filter((zone) => zone !== null));
    return this.#zones;
  }

  flavor(nameOrId: string): Flavor | undefined {
    return this.#flavorsByName.get(nameOrId) ?? this.#flavorsById.get(nameOrId);
  }

  /**
   * What `translate` returns. When it throws after it asked for a flavor or a zone that is not known, the source is asked
   * again, and it is called once more.
   * @throws what `translate` throws, and AppError cloud.unavailable, cloud.unreadable when the source cannot be asked
   */
  async withNames<T>(translate: (names: Names) => T): Promise<T> {
    let missed: "flavors" | "facts" | null = null;
    const names: Names = {
      flavor: (nameOrId) => {
        const flavor = this.flavor(nameOrId);
        if (flavor === undefined) missed ??= "flavors";
        return flavor;
      },
      zones: {
        has: (zone) => {
          if (!this.zones.has(zone)) missed = "facts";
          return this.zones.has(zone);
        },
        [Symbol.iterator]: () => this.zones.values(),
      },
    };
    try {
      return translate(names);
    } catch (error) {
      if (missed === null || this.refetch === null) throw error;
    }
    await this.refetch(missed);
    return translate(names);
  }

  /**
   * Commits facts that a source tells. Hosts that it does not name any more take no VM; those that are empty are
   * forgotten. What is as it was is not written.
   * @returns null when nothing changed
   * @throws AppError store.unavailable; then it may have happened all the same
   */
  async replaceFacts(told: ToldFacts): Promise<FactChanges | null> {
    await this.catchUp();
    if (changesOf(told, this.#known()) === null) {
      await this.#alone(async () => this.#forgetEmpty());
      return null;
    }
    return await this.#alone(async () => {
      let committed: { version: number; changes: FactChanges | null } | undefined;
      await this.#store.transaction(
        async (tx) => {
          const version = await nextVersion(tx);
          await this.#readOthers(tx, version - 1);
          const changes = changesOf(told, this.#known());
          if (changes) await storeFactChanges(tx, told, changes, version);
          committed = { version, changes };
        },
        { limitMs: LIMIT_MS },
      );
      const { version, changes } = committed!;
      if (changes) this.#remember(changes);
      this.#seen = version;
      return changes;
    });
  }

  /** Commits which hosts came up or went down; those that are not known are left for the next reading of the facts. */
  async setUp(told: ReadonlyMap<string, boolean>): Promise<void> {
    const changed = (up: boolean) =>
      [...told]
        .filter(([name, is]) => is === up && !this.#absent.has(name))
        .map(([name]) => name)
        .filter((name) => (this.inventory.hostState(name)?.host.up ?? up) !== up);
    if (changed(true).length + changed(false).length === 0) return;
    await this.#alone(async () => {
      let committed: { version: number; hosts: Host[] } | undefined;
      await this.#store.transaction(async (tx) => {
        const version = await nextVersion(tx);
        await this.#readOthers(tx, version - 1);
        const hosts: Host[] = [];
        for (const up of [true, false]) {
          const names = changed(up);
          await setHostsUp(tx, names, up, version);
          for (const name of names) hosts.push({ ...this.inventory.hostState(name)!.host, up });
        }
        committed = { version, hosts };
      });
      this.inventory.setHosts(committed!.hosts);
      this.#seen = committed!.version;
    });
  }

  /**
   * Commits what `decide` decides, alone: no other commit of any process comes between what it sees in memory or reads
   * through `tx` and its own. It must read and write through `tx` only.
   * @throws AppError store.unavailable; then the commit may have happened all the same
   */
  async commit<T>(decide: (tx: Db, version: number) => Promise<Decision<T>>): Promise<T> {
    return await this.#alone(async () => {
      let committed: { version: number; put: AllocationRow[]; remove: readonly string[] } | undefined;
      const undone = new Error("nothing to commit");
      let result: T | undefined;
      try {
        await this.#store.transaction(async (tx) => {
          const version = await nextVersion(tx);
          await this.#readOthers(tx, version - 1);
          const decision = await decide(tx, version);
          result = decision.result;
          if (decision.change === undefined) throw undone;
          const { remove } = decision.change;
          const put = decision.change.put.map((row) => ({ ...row, generation: version }));
          await removeAllocations(tx, remove);
          await putAllocations(tx, put);
          await stampHosts(tx, this.#hostsOf(decision.change), version);
          committed = { version, put, remove };
        });
      } catch (error) {
        if (error !== undone) throw error;
        return result as T;
      }
      for (const id of committed!.remove) this.inventory.remove(id);
      for (const row of committed!.put) this.inventory.put(toVm(row));
      this.#seen = committed!.version;
      return result as T;
    });
  }

  /** Reads what other processes have committed, if there is any; afterwards memory holds all that was before the call. */
  async catchUp(): Promise<void> {
    if (this.#store.kind === "pglite") return;
    const version = await this.#store.read(currentVersion);
    if (version === this.#seen) return;
    await this.#alone(() =>
      this.#store.transaction(async (tx) => this.#readOthers(tx, await currentVersion(tx)), { snapshot: true }),
    );
  }

  /** The store stays open. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    return await this.#turn.take(async () => {
      try {
        return await work();
      } catch (error) {
        if (error instanceof AppError && error.code === "store.unavailable") this.#turn.refuseWaiting(error);
        throw error;
      }
    });
  }

  /** Brings memory to `version` of the store, which `db` has to show. */
  async #readOthers(db: Db, version: number): Promise<void> {
    const seen = this.#seen;
    if (version === seen) return;
    // Older than what was seen: the store was put back to an earlier state, so everything may be different.
    const changed = await changedSince(db, version < seen ? -1 : seen);
    const mark = await flavorsAndAggregatesMark(db);
    const others = mark === this.#mark ? null : await factsBesideHosts(db);
    // A transaction that was given up for being too slow must not write over what came after it.
    if (this.#seen !== seen) throw new AppError("store.unavailable", "the transaction took too long");

    const { inventory } = this;
    const now = new Map(changed.allocations.map((row) => [row.id, toVm(row)]));
    const occupied = new Set(changed.allocations.map(({ host }) => host));
    // A VM that moved is on a changed host before and after, so what is on none of them now is gone.
    for (const { name } of changed.hosts)
      for (const { id } of [...inventory.vmsIn("host", name)]) if (!now.has(id)) inventory.remove(id);
    for (const row of changed.racks) inventory.setRack(toRack(row));
    const hosts: Host[] = [];
    for (const row of changed.hosts) {
      if (row.present) this.#absent.delete(row.name);
      else this.#absent.add(row.name);
      const known = inventory.hostState(row.name)?.host;
      const host = toHost(row);
      if (known === undefined ? row.present || occupied.has(row.name) : !sameHost(known, host)) hosts.push(host);
    }
    if (hosts.length > 0) this.#setHosts(hosts, []);
    if (others) {
      this.#setFlavors(others.flavors.map(toFlavor));
      const aggregates = Object.fromEntries(others.aggregates.map(({ name, metadata }) => [name, metadata]));
      if (!isDeepStrictEqual(aggregates, inventory.aggregates)) inventory.setAggregates(aggregates);
      this.#mark = mark;
    }
    for (const vm of now.values()) if (!isDeepStrictEqual(inventory.vm(vm.id), vm)) inventory.put(vm);
    this.#seen = version;
  }

  #known() {
    return { inventory: this.inventory, flavors: this.#flavors, absent: this.#absent };
  }

  /** Facts that are committed. */
  #remember({ hosts, vanished, racks, aggregates, flavors }: FactChanges): void {
    const { inventory } = this;
    for (const rack of racks) inventory.setRack(rack);
    if (aggregates) inventory.setAggregates(aggregates);
    if (flavors) this.#setFlavors(flavors);
    if (aggregates || flavors) this.#mark = null;
    for (const { name } of hosts) this.#absent.delete(name);
    for (const name of vanished) this.#absent.add(name);
    const left = vanished.map((name) => inventory.hostState(name)!).filter(({ vmCount }) => vmCount > 0);
    const down = left.map(({ host }) => ({ ...host, up: false }));
    if (hosts.length + down.length > 0) this.#setHosts([...hosts, ...down], []);
    this.#forgetEmpty();
  }

  /** Hosts that no source names any more and that nothing is on any more. The store keeps their rows. */
  #forgetEmpty(): void {
    const empty = [...this.#absent].filter((name) => this.inventory.hostState(name)?.vmCount === 0);
    if (empty.length > 0) this.#setHosts([], empty);
  }

  #setHosts(hosts: readonly Host[], gone: readonly string[]): void {
    this.inventory.setHosts(hosts, gone);
    this.#zones = null;
  }

  #setFlavors(flavors: readonly Flavor[]): void {
    this.#flavors = flavors;
    // Of several with one name the first counts.
    this.#flavorsByName = new Map(flavors.map((flavor) => [flavor.name, flavor] as const).reverse());
    this.#flavorsById = new Map(flavors.map((flavor) => [flavor.id, flavor]));
  }

  /** Hosts that the change takes from or gives to. */
  #hostsOf({ put, remove }: Change): string[] {
    const before = [...remove, ...put.map(({ id }) => id)].map((id) => this.inventory.vm(id)?.host);
    return [...new Set([...before, ...put.map(({ host }) => host)])].filter((host) => host !== undefined);
  }

  #watch(): void {
    this.#timer = setInterval(() => {
      // The store is away: whoever needs it is told so, and what was missed is read then.
      this.catchUp().catch(() => {});
    }, POLL_MS);
    this.#timer.unref();
  }
}
