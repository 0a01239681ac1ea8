// The links of a plan, re-checked: what its pipes take of NICs and uplinks, beside all that is reserved there already.
import type { InventoryView } from "./inventory-view.ts";
import type { Application, ExistingVm, Host } from "./model.ts";

interface Placed {
  readonly inventory: InventoryView;
  readonly application: Application;
  /** VM name -> its host, only VMs of the application on known hosts. */
  readonly hostOf: ReadonlyMap<string, Host>;
  /** VMs that are thought away. */
  readonly without: ReadonlyMap<string, ExistingVm>;
}

/** Every link that the plan's pipes use and that would carry more than it can, in words. */
export function brokenLinks(placed: Placed): string[] {
  const { inventory, application, hostOf, without } = placed;
  const broken: string[] = [];
  const names = new Set(application.vms.map(({ name }) => name));
  const added = new Loads();
  for (const { a, b, living, kbps } of application.pipes ?? []) {
    for (const end of living ? [a] : [a, b])
      if (!names.has(end)) broken.push(`a pipe ends at VM (${end}), which was not asked for`);
    const from = hostOf.get(a);
    const to = living ? homeOf(placed, b) : hostOf.get(b);
    if (from !== undefined && to !== undefined && kbps > 0) added.add(from, to, kbps);
  }
  if (added.nics.size === 0) return broken;

  const released = new Loads();
  for (const { id, host } of without.values())
    for (const { peer, kbps } of inventory.pipesOf(id)) {
      // Seen from both ends, a pipe between two that are thought away is released once.
      if (without.has(peer) && peer < id) continue;
      released.add(inventory.hostState(host)!.host, inventory.hostState(inventory.vm(peer)!.host)!.host, kbps);
    }
  for (const [name, kbps] of added.nics) {
    const { host, nicUsedKbps } = inventory.hostState(name)!;
    const sum = nicUsedKbps - (released.nics.get(name) ?? 0) + kbps;
    if (host.nicKbps != null && sum > host.nicKbps)
      broken.push(`NIC of host (${name}) would carry ${sum} kbit/s of ${host.nicKbps}`);
  }
  for (const [name, kbps] of added.uplinks) {
    const uplink = inventory.uplink(name);
    const sum = uplink.usedKbps - (released.uplinks.get(name) ?? 0) + kbps;
    if (uplink.kbps !== null && sum > uplink.kbps)
      broken.push(`uplink of rack (${name}) would carry ${sum} kbit/s of ${uplink.kbps}`);
  }
  return broken;
}

/** Host of a VM that lives and is not thought away. */
function homeOf({ inventory, without }: Placed, id: string): Host | undefined {
  const vm = without.has(id) ? undefined : inventory.vm(id);
  return vm && inventory.hostState(vm.host)?.host;
}

/** Bandwidth on links, kbit/s. */
class Loads {
  readonly nics = new Map<string, number>();
  readonly uplinks = new Map<string, number>();

  /** A pipe between VMs on these hosts. */
  add(a: Host, b: Host, kbps: number): void {
    if (a.name === b.name) return;
    for (const { name, rack } of [a, b]) {
      this.nics.set(name, (this.nics.get(name) ?? 0) + kbps);
      if (a.rack !== b.rack && rack !== null) this.uplinks.set(rack, (this.uplinks.get(rack) ?? 0) + kbps);
    }
  }
}
