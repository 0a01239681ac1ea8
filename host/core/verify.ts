// Re-checks a plan in plain TypeScript before it is committed. It shares no code with the core or with what encodes
// requests for it, so that a mistake there is seen here.
import type { InventoryView } from "./inventory-view.ts";
import type { Application, ExistingVm, Host, Resources, Vm } from "./model.ts";
import { brokenGroups } from "./verify-groups.ts";
import { brokenLinks } from "./verify-links.ts";
import { refusingTraits, someAggregateFits } from "./verify-specs.ts";

interface VerifyOptions {
  /** Ids of existing VMs that are thought away, as in the solve. */
  readonly without?: readonly string[];
}

const RESOURCES = [
  { of: (need: Resources) => need.vcpus, unit: "vCPU" },
  { of: (need: Resources) => need.ramMiB, unit: "MiB RAM" },
  { of: (need: Resources) => need.diskGiB, unit: "GiB disk" },
];

/**
 * Every rule that these placements (VM name -> host name) break, in words; empty when they are sound. Takes
 * time with the plan and the VMs on the hosts it touches, never with the whole data center.
 */
export function verify(
  inventory: InventoryView,
  application: Application,
  placements: Readonly<Record<string, string>>,
  options: VerifyOptions = {},
): string[] {
  const broken: string[] = [];
  const vms = new Map(application.vms.map((vm) => [vm.name, vm]));
  if (vms.size !== application.vms.length) broken.push("two VMs have the same name");
  for (const name of Object.keys(placements)) if (!vms.has(name)) broken.push(`VM (${name}) was not asked for`);

  const hostOf = new Map<string, Host>();
  for (const vm of application.vms) {
    const name = Object.hasOwn(placements, vm.name) ? placements[vm.name] : undefined;
    const host = name === undefined ? undefined : inventory.hostState(name)?.host;
    if (host !== undefined) hostOf.set(vm.name, host);
    else
      broken.push(name === undefined ? `VM (${vm.name}) has no host` : `VM (${vm.name}) is on unknown host (${name})`);
  }
  const without = new Map<string, ExistingVm>();
  for (const id of options.without ?? []) {
    const vm = inventory.vm(id);
    if (vm !== undefined) without.set(id, vm);
  }

  for (const vm of vms.values()) {
    const host = hostOf.get(vm.name);
    if (host !== undefined) broken.push(...brokenAlone(inventory, vm, host));
  }
  broken.push(...overbooked(inventory, vms, hostOf, without));
  const placed = { inventory, application, hostOf, without };
  broken.push(...brokenGroups(placed), ...brokenLinks(placed));
  return broken;
}

/** What one VM on one host breaks whoever else is there. */
function brokenAlone(inventory: InventoryView, vm: Vm, host: Host): string[] {
  const broken: string[] = [];
  const on = `VM (${vm.name}) is on host (${host.name})`;
  if (!host.up) broken.push(`${on}, which is down`);
  if (vm.zone !== null && vm.zone !== host.zone)
    broken.push(`${on} in zone (${host.zone ?? "none"}), not in (${vm.zone})`);
  if (vm.fixed !== undefined && vm.fixed !== host.name) broken.push(`${on}, fixed to (${vm.fixed})`);
  if (vm.candidates !== undefined && !vm.candidates.includes(host.name)) broken.push(`${on}, no candidate`);
  if (vm.excluded?.includes(host.name)) broken.push(`${on}, which is excluded`);
  if (vm.vcpus > host.physical.vcpus || vm.ramMiB > host.physical.ramMiB)
    broken.push(
      `${on} and larger than it (${vm.vcpus} vCPU and ${vm.ramMiB} MiB on a machine of ${host.physical.vcpus} and ` +
        `${host.physical.ramMiB})`,
    );
  const metadata = host.aggregates.map((name) => inventory.aggregates[name] ?? {});
  if (!someAggregateFits(vm.extraSpecs, metadata))
    broken.push(`${on}, none of whose aggregates (${host.aggregates.join(", ")}) satisfies its extra specs`);
  const refusing = refusingTraits(vm.extraSpecs, host.traits);
  if (refusing.length > 0) broken.push(`${on}, whose traits its extra specs refuse (${refusing.join(", ")})`);
  return broken;
}

/** Hosts that hold VMs of the plan and more than they can. */
function overbooked(
  inventory: InventoryView,
  vms: ReadonlyMap<string, Vm>,
  hostOf: ReadonlyMap<string, Host>,
  without: ReadonlyMap<string, ExistingVm>,
): string[] {
  const needs = new Map<string, Resources[]>();
  for (const [name, host] of hostOf) {
    const list = needs.get(host.name) ?? [];
    list.push(vms.get(name)!);
    needs.set(host.name, list);
  }
  const released = [...without.values()];
  const broken: string[] = [];
  for (const [name, list] of needs) {
    const { host, used } = inventory.hostState(name)!;
    for (const { of, unit } of RESOURCES) {
      let sum = of(used);
      for (const vm of released) if (vm.host === name) sum -= of(vm.need);
      for (const need of list) sum += of(need);
      if (sum > of(host.capacity)) broken.push(`host (${name}) would hold ${sum} ${unit} of ${of(host.capacity)}`);
    }
  }
  return broken;
}
