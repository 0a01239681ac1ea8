import type { ExistingVm, Host, Level, Resources } from "./model.ts";

/** What the check reads of the inventory. */
export interface InventoryView {
  readonly aggregates: Readonly<Record<string, Readonly<Record<string, string>>>>;
  vm(id: string): ExistingVm | undefined;
  /** `used` and `nicUsedKbps`: the host's own and its tracked VMs'. */
  hostState(name: string): { readonly host: Host; readonly used: Resources; readonly nicUsedKbps: number } | undefined;
  /** The rack's uplink, kbit/s; null: never full. `usedKbps`: its own and that of the pipes between tracked VMs. */
  uplink(rack: string): { readonly kbps: number | null; readonly usedKbps: number };
  /** The VM's pipes to VMs that are there, one a peer. */
  pipesOf(id: string): Iterable<{ readonly peer: string; readonly kbps: number }>;
  /** VMs in a container, on up and down hosts. May take as long as the container is large. */
  vmsIn(level: Level, container: string): Iterable<ExistingVm>;
  /** VMs in a container, on up and down hosts, and how many of them are in each exclusivity group (key) of its level. */
  occupancy(level: Level, container: string): { readonly vms: number; readonly exclusive: ReadonlyMap<string, number> };
  /** Containers on up hosts where VMs of the group live -> how many. */
  living(groupKey: string): ReadonlyMap<string, number>;
}
