import { isDeepStrictEqual } from "node:util";
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
import type { DataCenter, Flavor } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { toDataCenter, toHost, toRack, toVm } from "./facts.ts";
import { storeDataCenter } from "./load.ts";
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

/**
 * The data center in memory and in the store. Memory holds what is committed, never more: a commit shows in it once the
 * store has it, so a failed one leaves nothing to undo, and one whose end is unknown is read like those of others.
 *
 * Other processes may commit to the same store. Each commit first takes the store's one lock (the row of `inventory`),
 * then reads what others have committed since, and only then decides whether what it was planned on still holds.
 */
export class InventoryService {
  readonly inventory: Inventory;
  readonly zones: ReadonlySet<string>;
  /** Hosts that were in use in the store and that the source did not name at start: they take no VM any more. */
  vanishedHosts = 0;
  readonly #store: Store;
  readonly #flavors: readonly Flavor[];
  readonly #turn = new Turns(1);
  /** Version of the store that memory holds. */
  #seen: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(store: Store, dataCenter: DataCenter, version: number) {
    this.#store = store;
    this.#seen = version;
    this.inventory = new Inventory(dataCenter);
    this.#flavors = dataCenter.flavors;
    this.zones = new Set(dataCenter.hosts.map(({ zone }) => zone).filter((zone) => zone !== null));
  }

  /** Stores what the source of the data center tells, and reads everything from the store. */
  static async open(store: Store, source: DataCenter): Promise<InventoryService> {
    const { version, facts, allocations, vanished } = await storeDataCenter(store, source);
    const service = new InventoryService(store, toDataCenter(facts, allocations), version);
    service.vanishedHosts = vanished;
    if (store.kind === "postgres") service.#watch();
    return service;
  }

  flavor(nameOrId: string): Flavor | undefined {
    return this.#flavors.find(({ name }) => name === nameOrId) ?? this.#flavors.find(({ id }) => id === nameOrId);
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
    // A transaction that was given up for being too slow must not write over what came after it.
    if (this.#seen !== seen) throw new AppError("store.unavailable", "the transaction took too long");

    const { inventory } = this;
    const now = new Map(changed.allocations.map((row) => [row.id, toVm(row)]));
    const occupied = new Set(changed.allocations.map(({ host }) => host));
    // A VM that moved is on a changed host before and after, so what is on none of them now is gone.
    for (const { name } of changed.hosts)
      for (const { id } of [...inventory.vmsIn("host", name)]) if (!now.has(id)) inventory.remove(id);
    for (const row of changed.racks) inventory.setRack(toRack(row));
    for (const row of changed.hosts) {
      const known = inventory.hostState(row.name)?.host;
      const host = toHost(row);
      if (known === undefined ? row.present || occupied.has(row.name) : !isDeepStrictEqual(known, host))
        inventory.setHost(host);
    }
    for (const vm of now.values()) if (!isDeepStrictEqual(inventory.vm(vm.id), vm)) inventory.put(vm);
    this.#seen = version;
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
