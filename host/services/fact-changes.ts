// Facts that a source tells while plans run: what is different from what is known, and its way into the store.

import { isDeepStrictEqual } from "node:util";
import {
  factsBesideHosts,
  hostsNamed,
  lastHostPosition,
  putFacts,
  removeFlavorsAndAggregates,
} from "../../db/queries/facts.ts";
import type { Db } from "../../db/store.ts";
import type { Inventory } from "../core/inventory.ts";
import type { DataCenter, Flavor, Host, Rack } from "../core/model.ts";
import { traitsMark } from "../core/traits.ts";
import { toHostRow, toRows } from "./facts.ts";
import { different, missing } from "./load.ts";

/** What a source told, whole of its kind; what it did not tell stays as it is known. */
export type ToldFacts = Partial<Pick<DataCenter, "hosts" | "racks" | "aggregates" | "flavors">>;

/** What is known in memory. */
export interface KnownFacts {
  readonly inventory: Inventory;
  readonly flavors: readonly Flavor[];
  /** Hosts that stay for what is on them and that no source names any more. */
  readonly absent: ReadonlySet<string>;
}

export interface FactChanges {
  /** New ones and those with other facts. */
  readonly hosts: readonly Host[];
  /** Names of those that are not there any more. */
  readonly vanished: readonly string[];
  readonly racks: readonly Rack[];
  /** Null: as they were. */
  readonly aggregates: DataCenter["aggregates"] | null;
  readonly flavors: readonly Flavor[] | null;
}

/** Null: all is as it was. */
export function changesOf(told: ToldFacts, { inventory, flavors, absent }: KnownFacts): FactChanges | null {
  const known = inventory.hosts;
  const hosts = (told.hosts ?? []).filter((host) => {
    const before = known.get(host.name);
    return before === undefined || absent.has(host.name) || !sameHost(before, host);
  });
  const named = told.hosts && new Set(told.hosts.map(({ name }) => name));
  const vanished = named ? [...known.keys()].filter((name) => !named.has(name) && !absent.has(name)) : [];
  const uplinks = new Map([...inventory.racks].map((rack) => [rack.name, rack]));
  const racks = (told.racks ?? []).filter(({ name, uplinkKbps, uplinkUsedKbps }) => {
    const before = uplinks.get(name);
    return (before?.uplinkKbps ?? null) !== uplinkKbps || (before?.uplinkUsedKbps ?? 0) !== uplinkUsedKbps;
  });
  const other = <T>(now: T | undefined, before: T) =>
    now === undefined || isDeepStrictEqual(now, before) ? null : now;
  const changes: FactChanges = {
    hosts,
    vanished,
    racks,
    aggregates: other(told.aggregates, inventory.aggregates),
    flavors: other(told.flavors, flavors),
  };
  const count = hosts.length + vanished.length + racks.length;
  return count > 0 || changes.aggregates !== null || changes.flavors !== null ? changes : null;
}

/** Called for every host at every reading, so without the cost of a general comparison. */
export function sameHost(a: Host, b: Host): boolean {
  return (
    a.name === b.name &&
    a.up === b.up &&
    a.rack === b.rack &&
    a.cluster === b.cluster &&
    a.zone === b.zone &&
    a.capacity.vcpus === b.capacity.vcpus &&
    a.capacity.ramMiB === b.capacity.ramMiB &&
    a.capacity.diskGiB === b.capacity.diskGiB &&
    a.physical.vcpus === b.physical.vcpus &&
    a.physical.ramMiB === b.physical.ramMiB &&
    a.used.vcpus === b.used.vcpus &&
    a.used.ramMiB === b.used.ramMiB &&
    a.used.diskGiB === b.used.diskGiB &&
    (a.nicKbps ?? null) === (b.nicKbps ?? null) &&
    (a.nicUsedKbps ?? 0) === (b.nicUsedKbps ?? 0) &&
    a.aggregates.length === b.aggregates.length &&
    a.aggregates.every((name, at) => name === b.aggregates[at]) &&
    traitsMark(a.traits) === traitsMark(b.traits)
  );
}

/** Writes what changed as of `version`; new hosts come after all known ones. */
export async function storeFactChanges(tx: Db, told: ToldFacts, changes: FactChanges, version: number): Promise<void> {
  const before = await factsBesideHosts(tx);
  const { hosts = [], racks = [], aggregates = {}, flavors = [] } = told;
  const now = toRows({ hosts, racks, aggregates, flavors, existing: [] }, version);
  const rows = new Map(
    (await hostsNamed(tx, [...changes.vanished, ...changes.hosts.map(({ name }) => name)])).map((row) => [
      row.name,
      row,
    ]),
  );
  let position = await lastHostPosition(tx);
  const gone = changes.vanished.map((name) => rows.get(name)).filter((row) => row !== undefined);
  await putFacts(tx, {
    clusters: different(now.clusters, before.clusters, ({ name }) => name),
    racks: different(now.racks, before.racks, ({ name }) => name),
    aggregates: changes.aggregates ? different(now.aggregates, before.aggregates, ({ name }) => name) : [],
    flavors: changes.flavors ? different(now.flavors, before.flavors, ({ id }) => id) : [],
    hosts: [
      ...changes.hosts.map((host) => toHostRow(host, rows.get(host.name)?.position ?? ++position, version)),
      ...gone.map((row) => ({ ...row, present: false, generation: version })),
    ],
  });
  await removeFlavorsAndAggregates(tx, {
    flavors: changes.flavors ? missing(before.flavors, now.flavors, ({ id }) => id) : [],
    aggregates: changes.aggregates ? missing(before.aggregates, now.aggregates, ({ name }) => name) : [],
  });
}
