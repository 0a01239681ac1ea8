// Brings the store to what a data center's source tells, at start.
import { allFacts, type FactRows, putFacts, removeFlavorsAndAggregates } from "../../db/queries/facts.ts";
import {
  type AllocationRow,
  allocationsBySource,
  nextVersion,
  putAllocations,
  removeAllocations,
  stampHosts,
} from "../../db/queries/inventory.ts";
import type { Db, Store } from "../../db/store.ts";
import type { DataCenter } from "../core/model.ts";
import { existingRows, toRows } from "./facts.ts";

/** Writing 100,000 hosts takes a while. */
const LIMIT_MS = 120_000;

/**
 * Stores what is new or different; what is as it was keeps its generation. Hosts that the source does not know any more
 * stay, absent, for what is still allocated on them.
 */
export async function storeDataCenter(store: Store, dataCenter: DataCenter): Promise<void> {
  await store.transaction(
    async (tx) => {
      const version = await nextVersion(tx);
      await storeFacts(tx, dataCenter, version);
      await storeExisting(tx, dataCenter, version);
    },
    { limitMs: LIMIT_MS },
  );
}

async function storeFacts(tx: Db, dataCenter: DataCenter, version: number): Promise<void> {
  const before = await allFacts(tx);
  const now = toRows(dataCenter, version);
  const known = new Set(now.hosts.map(({ name }) => name));
  const vanished = before.hosts
    .filter(({ name, present }) => present && !known.has(name))
    .map((row) => ({ ...row, present: false, generation: version }));
  await putFacts(tx, {
    clusters: different(now.clusters, before.clusters, ({ name }) => name),
    racks: different(now.racks, before.racks, ({ name }) => name),
    aggregates: different(now.aggregates, before.aggregates, ({ name }) => name),
    flavors: different(now.flavors, before.flavors, ({ id }) => id),
    hosts: [...different(now.hosts, before.hosts, ({ name }) => name), ...vanished],
  });
  await removeFlavorsAndAggregates(tx, {
    flavors: missing(before.flavors, now.flavors, ({ id }) => id),
    aggregates: missing(before.aggregates, now.aggregates, ({ name }) => name),
  });
}

async function storeExisting(tx: Db, dataCenter: DataCenter, version: number): Promise<void> {
  const before = await allocationsBySource(tx, "existing");
  const now = existingRows(dataCenter, version);
  const id = (row: AllocationRow) => row.id;
  const put = different(now, before, id);
  const gone = new Set(missing(before, now, id));
  const hostBefore = new Map(before.map((row) => [row.id, row.host]));
  await removeAllocations(tx, [...gone]);
  await putAllocations(tx, put);
  const touched = new Set([
    ...put.map(({ host }) => host),
    ...[...gone, ...put.map(id)].map((id) => hostBefore.get(id)),
  ]);
  touched.delete(undefined);
  await stampHosts(tx, [...touched] as string[], version);
}

/** Rows of `now` that are not in `before`, or not the same, whatever their generation. */
function different<T extends FactRows[keyof FactRows][number] | AllocationRow>(
  now: readonly T[],
  before: readonly T[],
  key: (row: T) => string,
): T[] {
  const facts = (row: T) =>
    JSON.stringify(Object.entries({ ...row, generation: 0 }).sort(([a], [b]) => (a < b ? -1 : 1)));
  const known = new Map(before.map((row) => [key(row), facts(row)]));
  return now.filter((row) => known.get(key(row)) !== facts(row));
}

function missing<T>(before: readonly T[], now: readonly T[], key: (row: T) => string): string[] {
  const known = new Set(now.map(key));
  return before.map(key).filter((key) => !known.has(key));
}
