import type { InventoryView } from "../../host/core/inventory-view.ts";
import type { DataCenter, ExistingVm, Host, Level, Resources } from "../../host/core/model.ts";

/** The inventory as a list that is searched anew for each question: for the check's own tests. */
export class NaiveInventory implements InventoryView {
  readonly aggregates: DataCenter["aggregates"];
  readonly #dataCenter: DataCenter;
  readonly #hosts: ReadonlyMap<string, Host>;

  constructor(dataCenter: DataCenter) {
    this.#dataCenter = dataCenter;
    this.aggregates = dataCenter.aggregates;
    this.#hosts = new Map(dataCenter.hosts.map((host) => [host.name, host]));
  }

  vm(id: string): ExistingVm | undefined {
    return this.#dataCenter.existing.find((vm) => vm.id === id);
  }

  hostState(name: string): { host: Host; used: Resources; nicUsedKbps: number } | undefined {
    const host = this.#hosts.get(name);
    if (host === undefined) return undefined;
    let { vcpus, ramMiB, diskGiB } = host.used;
    for (const vm of this.vmsIn("host", name)) {
      vcpus += vm.need.vcpus;
      ramMiB += vm.need.ramMiB;
      diskGiB += vm.need.diskGiB;
    }
    let nicUsedKbps = host.nicUsedKbps ?? 0;
    for (const [a, b, kbps] of this.#pipes()) if (a !== b && (a === host || b === host)) nicUsedKbps += kbps;
    return { host, used: { vcpus, ramMiB, diskGiB }, nicUsedKbps };
  }

  uplink(rack: string): { kbps: number | null; usedKbps: number } {
    const facts = this.#dataCenter.racks?.find(({ name }) => name === rack);
    let usedKbps = facts?.uplinkUsedKbps ?? 0;
    for (const [a, b, kbps] of this.#pipes())
      if (a.rack !== b.rack && (a.rack === rack || b.rack === rack)) usedKbps += kbps;
    return { kbps: facts?.uplinkKbps ?? null, usedKbps };
  }

  pipesOf(id: string): { peer: string; kbps: number }[] {
    const { existing } = this.#dataCenter;
    const written = (on: ExistingVm, peer: string) =>
      (on.pipes ?? []).reduce((sum, pipe) => sum + (pipe.peer === peer ? pipe.kbps : 0), 0);
    const vm = this.vm(id);
    if (vm === undefined) return [];
    return existing
      .map((other) => ({ peer: other.id, kbps: Math.max(written(vm, other.id), written(other, id)) }))
      .filter(({ kbps }) => kbps > 0);
  }

  /** Each pair of VMs with pipes between them once: their hosts and the bandwidth. */
  *#pipes(): Iterable<[Host, Host, number]> {
    const hostOf = (id: string) => this.#hosts.get(this.vm(id)!.host)!;
    for (const { id } of this.#dataCenter.existing)
      for (const { peer, kbps } of this.pipesOf(id)) if (id < peer) yield [hostOf(id), hostOf(peer), kbps];
  }

  vmsIn(level: Level, container: string): ExistingVm[] {
    return this.#dataCenter.existing.filter((vm) => this.#container(vm, level) === container);
  }

  occupancy(level: Level, container: string): { vms: number; exclusive: Map<string, number> } {
    const vms = this.vmsIn(level, container);
    const keys = vms.flatMap((vm) => [...new Set(vm.groups)]).filter((key) => key.startsWith(`${level}:EX:`));
    const exclusive = new Map(keys.map((key) => [key, keys.filter((each) => each === key).length]));
    return { vms: vms.length, exclusive };
  }

  living(groupKey: string): Map<string, number> {
    const level = groupKey.slice(0, groupKey.indexOf(":")) as Level;
    const homes = new Map<string, number>();
    for (const vm of this.#dataCenter.existing) {
      const container = this.#container(vm, level);
      if (!vm.groups.includes(groupKey) || container === null || !this.#hosts.get(vm.host)!.up) continue;
      homes.set(container, (homes.get(container) ?? 0) + 1);
    }
    return homes;
  }

  #container(vm: ExistingVm, level: Level): string | null {
    const host = this.#hosts.get(vm.host)!;
    return level === "host" ? host.name : host[level];
  }
}
