// In which rack and cluster a host stands: from a mapping file, from metadata of its aggregates, or from its name.

import { type NamingConvention, partsOf } from "./host-names.ts";
import type { HostMapping } from "./topology-file.ts";

export type TopologySource = "file" | "aggregates" | "names";

export interface TopologyOptions {
  /** The first that knows the rack tells it, and so for the cluster. */
  readonly order: readonly TopologySource[];
  readonly naming: NamingConvention;
  /** Keys in the metadata of aggregates. */
  readonly rackKey: string;
  readonly clusterKey: string;
  readonly mapping: HostMapping | null;
}

export interface Seat {
  /** Null: not known; the host takes no server of a rack-level group. */
  readonly rack: string | null;
  readonly cluster: string | null;
  readonly nicKbps: number | null;
}

export class Topology {
  #options: TopologyOptions;
  readonly #told = new Set<string>();
  #faults: { readonly host: string; readonly message: string }[] = [];

  constructor(options: TopologyOptions) {
    this.#options = options;
  }

  /** The mapping file was read again. */
  useMapping(mapping: HostMapping | null): void {
    this.#options = { ...this.#options, mapping };
  }

  /** @param metadata of the host's aggregates, in the order of their names */
  seatOf(host: string, metadata: readonly Readonly<Record<string, string>>[]): Seat {
    const { order, mapping, naming, rackKey, clusterKey } = this.#options;
    const mapped = order.includes("file") ? (mapping?.hostOf(host) ?? null) : null;
    let rack: string | null = null;
    let cluster: string | null = null;
    let fault: string | null = null;
    for (const source of order) {
      if (source === "file") {
        rack ??= mapped?.rack ?? null;
        cluster ??= mapped?.cluster ?? null;
      } else if (source === "aggregates") {
        const named = (key: string) => metadata.find((one) => (one[key] ?? "") !== "")?.[key] ?? null;
        rack ??= named(rackKey);
        cluster ??= named(clusterKey);
      } else if (rack === null) {
        const parts = partsOf(host, naming);
        if (parts.ok) rack = parts.rack;
        else fault = parts.message;
      }
    }
    if (rack === null && !this.#told.has(host)) {
      this.#told.add(host);
      this.#faults.push({ host, message: fault ?? `none of ${order.join(", ")} names a rack` });
    }
    cluster ??= rack === null ? null : (mapping?.racks.get(rack)?.cluster ?? null);
    return { rack, cluster, nicKbps: mapped?.nicKbps ?? null };
  }

  /** kbit/s; null: never full. */
  uplinkOf(rack: string): number | null {
    return this.#options.mapping?.racks.get(rack)?.uplinkKbps ?? null;
  }

  /** Hosts without a rack that were not told of before. */
  takeFaults(): readonly { readonly host: string; readonly message: string }[] {
    return this.#faults.splice(0);
  }
}
