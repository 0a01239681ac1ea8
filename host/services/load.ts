// Brings the store to what a data center's source tells, at start.
import { allFacts, type FactRows, putFacts, removeFlavorsAndAggregates } from "../../db/queries/facts.ts";
import {
  type AllocationRow,
  allAllocations,
  allocationsBySource,
  currentVersion,
  nextVersion,
  putAllocations,
  removeAllocations,
  stampHosts,
} from "../../db/queries/inventory.ts";
import type { Db, Store } from "../../db/store.ts";
import type { DataCenter } from "../core/model.ts";
import { existingRows, toRows } from "./facts.ts";

/** Writing 100,000 hosts takes a while. */
export const LIMIT_MS = 120_000;

/** All that the store holds, as of `version`. */
export interface Stored {
  readonly version: number;
  readonly facts: FactRows;
  readonly allocations: readonly AllocationRow[];
  /** Hosts that the store had in use and the source does not name. */
  readonly vanished: number;
}

/**
 * Stores what is new or different; what is as it was keeps its generation. Hosts that the source does not know any more
 * stay, absent, for what is still allocated on them.
 */
export async function storeDataCenter(store: Store, dataCenter: DataCenter): Promise<Stored> {
  return await store.transaction(
    async (tx) => {
      const version = await nextVersion(tx);
      const { facts, vanished } = await storeFacts(tx, dataCenter, version);
      await storeExisting(tx, dataCenter, version);
      return { version, facts, vanished, allocations: await allAllocations(tx) };
    },
    { limitMs: LIMIT_MS },
  );
}

async function storeFacts(
  tx: Db,
  dataCenter: DataCenter,
  version: number,
): Promise<{ facts: FactRows; vanished: number }> {
  const before = await allFacts(tx);
  const now = toRows(dataCenter, version);
  const known = new Set(now.hosts.map(({ name }) => name));
  const absent = before.hosts.filter(({ name }) => !known.has(name));
  const vanished = absent.filter(({ present }) => present).map((row) => ({ ...row, generation: version }));
  await putFacts(tx, {
    clusters: different(now.clusters, before.clusters, ({ name }) => name),
    racks: different(now.racks, before.racks, ({ name }) => name),
    aggregates: different(now.aggregates, before.aggregates, ({ name }) => name),
    flavors: different(now.flavors, before.flavors, ({ id }) => id),
    hosts: [
      ...different(now.hosts, before.hosts, ({ name }) => name),
      ...vanished.map((row) => ({ ...row, present: false })),
    ],
  });
  await removeFlavorsAndAggregates(tx, {
    flavors: missing(before.flavors, now.flavors, ({ id }) => id),
    aggregates: missing(before.aggregates, now.aggregates, ({ name }) => name),
  });
  const standing = new Set(now.racks.map(({ name }) => name));
  const facts = {
    ...now,
    racks: [...now.racks, ...before.racks.filter(({ name }) => !standing.has(name))],
    hosts: [...now.hosts, ...absent.map((row) => ({ ...row, present: false }))],
  };
  return { facts, vanished: vanished.length };
}

async function storeExisting(tx: Db, dataCenter: DataCenter, version: number): Promise<void> {
  // Those with a server's id came from a cloud, which tells of them itself.
  const before = (await allocationsBySource(tx, "existing")).filter(({ resourceId }) => resourceId === null);
  const now = existingRows(dataCenter, version);
  const put = different(now, before, ({ id }) => id);
  const gone = missing(before, now, ({ id }) => id);
  await removeAllocations(tx, gone);
  await putAllocations(tx, put);
  const hostBefore = new Map(before.map(({ id, host }) => [id, host]));
  const left = [...gone, ...put.map(({ id }) => id)].map((id) => hostBefore.get(id));
  const touched = new Set([...left, ...put.map(({ host }) => host)].filter((host) => host !== undefined));
  await stampHosts(tx, [...touched], version);
}

/** Only what the store has. */
export async function readStored(store: Store): Promise<Stored> {
  return await store.transaction(
    async (tx) => ({
      version: await currentVersion(tx),
      facts: await allFacts(tx),
      vanished: 0,
      allocations: await allAllocations(tx),
    }),
    { snapshot: true, limitMs: LIMIT_MS },
  );
}

/** Rows of `now` that are not in `before`, or not the same, whatever their generation. */
export function different<T extends FactRows[keyof FactRows][number] | AllocationRow>(
  now: readonly T[],
  before: readonly T[],
  key: (row: T) => string,
): T[] {
  const facts = (row: T) =>
    JSON.stringify(Object.entries({ ...row, generation: 0 }).sort(([a], [b]) => (a < b ? -1 : 1)));
  const known = new Map(before.map((row) => [key(row), facts(row)]));
  return now.filter((row) => known.get(key(row)) !== facts(row));
}

export function missing<T>(before: readonly T[], now: readonly T[], key: (row: T) => string): string[] {
  const known = new Set(now.map(key));
  return before.map(key).filter((key) => !known.has(key));
}
