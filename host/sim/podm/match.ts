import type { Device, Hardware, Interface, System } from "./hardware.ts";
import { chassisPath } from "./paths.ts";
import type { NodeRequest } from "./request.ts";
import type { Vlan } from "./state.ts";

/** What is free, as a request sees it. */
export interface Supply {
  readonly hardware: Hardware;
  /** Of no node, and there. */
  readonly systems: readonly System[];
  /** Free ones by rack, the smaller first. */
  readonly drives: ReadonlyMap<string, readonly Device[]>;
  readonly accelerators: ReadonlyMap<string, readonly Device[]>;
  /** Several modules or processors together may meet one request. */
  readonly sums: boolean;
}

/** What a node would be made of. */
export interface Fit {
  readonly system: System;
  readonly localDrives: readonly string[];
  readonly devices: readonly Device[];
  readonly vlans: Readonly<Record<string, readonly Vlan[]>>;
}

/** The smallest system that serves, or how many passed each filter in turn, in the words of the real one. */
export function match(request: NodeRequest, supply: Supply): Fit | string {
  const counts = [`available: ${supply.systems.length}`];
  let left = [...supply.systems];
  const filter = (name: string, keeps: (system: System) => boolean) => {
    left = left.filter(keeps);
    counts.push(`${name}: ${left.length}`);
  };
  filter("online systems", () => true);
  filter("status", () => true);
  filter("resource", (system) => namedResources(request, system));
  filter("chassis", (system) => namedChassis(request, system, supply.hardware));
  filter("processors", (system) => processorsOf(request, system, supply) !== null);
  filter("memory", (system) => hasMemory(request, system, supply.sums));
  filter("local drives", (system) => drivesOf(request, system, supply) !== null);
  filter("ethernet interfaces", (system) => interfacesOf(request, system) !== null);
  filter("computer system attributes", (system) => hasTotals(request, system));
  filter("security", () => true);
  const [system] = left.sort(bySize);
  if (system === undefined) {
    return `Available assets count after applying filters: [${counts.join(" -> ")}]`;
  }
  const drives = drivesOf(request, system, supply)!;
  return {
    system,
    localDrives: drives.local,
    devices: [...processorsOf(request, system, supply)!, ...drives.pooled],
    vlans: interfacesOf(request, system)!,
  };
}

function bySize(a: System, b: System): number {
  return coresOf(a) - coresOf(b) || mibOf(a) - mibOf(b) || numberIn(a.id) - numberIn(b.id);
}

function numberIn(id: string): number {
  return Number(/\d+$/.exec(id)![0]);
}

function coresOf({ cpus }: System): number {
  return cpus.reduce((sum, { cores }) => sum + cores, 0);
}

function mibOf({ modules }: System): number {
  return modules.reduce((sum, { mib }) => sum + mib, 0);
}

const PARTS = ["Processors", "Memory", "LocalDrives", "EthernetInterfaces"] as const;

/** Resources of systems that the request names are this one's. Pooled ones are matched where they are taken. */
function namedResources(request: NodeRequest, system: System): boolean {
  return PARTS.flatMap((part) => request[part] ?? []).every(({ Resource }) => {
    const path = Resource?.["@odata.id"];
    const named = path === undefined ? null : /^\/redfish\/v1\/Systems\/([^/]+)/.exec(path);
    return named === null || named[1] === system.id;
  });
}

function namedChassis(request: NodeRequest, system: System, { chassis }: Hardware): boolean {
  const named = PARTS.flatMap((part) => request[part] ?? []).flatMap(({ Chassis }) => Chassis?.["@odata.id"] ?? []);
  if (named.length === 0) return true;
  const around = new Set<string>();
  for (
    let id: string | null = system.chassis;
    id !== null;
    id = chassis.find((each) => each.id === id)?.parent ?? null
  ) {
    around.add(chassisPath(id));
  }
  return named.every((path) => around.has(path));
}

/** Accelerators it takes from the pool of its rack; null: it does not serve. */
function processorsOf(request: NodeRequest, system: System, { accelerators, sums }: Supply): Device[] | null {
  if ((request.Processors ?? []).length === 0) return [];
  const cpus = [...system.cpus];
  const pool = [...(accelerators.get(system.rack) ?? [])];
  const taken: Device[] = [];
  for (const wanted of request.Processors ?? []) {
    const path = wanted.Resource?.["@odata.id"];
    const type = wanted.ProcessorType ?? (path?.startsWith("/redfish/v1/Chassis/") ? null : "CPU");
    if (type === "CPU") {
      const fits = cpus.filter(
        (cpu) =>
          (path === undefined || cpu.path === path) &&
          (wanted.Model == null || cpu.model === wanted.Model) &&
          (wanted.InstructionSet == null || wanted.InstructionSet === "x86-64") &&
          (wanted.AchievableSpeedMHz ?? 0) <= cpu.mhz &&
          (sums || (wanted.TotalCores ?? 0) <= cpu.cores),
      );
      const together = fits.reduce((sum, { cores }) => sum + cores, 0);
      if (fits.length === 0 || (wanted.TotalCores ?? 0) > together) return null;
      cpus.splice(cpus.indexOf(fits[0]!), 1);
    } else {
      const at = pool.findIndex(
        (device) =>
          (type === null || device.kind === type) &&
          (path === undefined || device.path === path || device.endpoint === path) &&
          (wanted.Model == null || device.model === wanted.Model),
      );
      if (at < 0) return null;
      taken.push(...pool.splice(at, 1));
    }
  }
  return taken;
}

function hasMemory(request: NodeRequest, system: System, sums: boolean): boolean {
  const wanted = request.Memory ?? [];
  if (wanted.reduce((sum, { CapacityMiB }) => sum + (CapacityMiB ?? 0), 0) > mibOf(system)) return false;
  const modules = [...system.modules];
  return wanted.every((each) => {
    const type = each.MemoryDeviceType ?? (each as { DimmDeviceType?: string | null }).DimmDeviceType;
    const at = modules.findIndex(
      (module) =>
        (each.Resource === undefined || module.path === each.Resource["@odata.id"]) &&
        (type == null || module.type === type) &&
        (each.MemoryType == null || each.MemoryType === "DRAM") &&
        (each.SpeedMHz ?? 0) <= module.mhz &&
        (each.DataWidthBits ?? 0) <= 64 &&
        (each.Manufacturer == null || each.Manufacturer === "Samsung") &&
        (sums || (each.CapacityMiB ?? 0) <= module.mib),
    );
    if (at >= 0) modules.splice(at, 1);
    return at >= 0;
  });
}

/** Null: it does not serve. All of its own drives when none is asked for. */
function drivesOf(
  request: NodeRequest,
  system: System,
  { drives }: Supply,
): { local: string[]; pooled: Device[] } | null {
  const wanted = request.LocalDrives ?? [];
  if (wanted.length === 0) return { local: system.drives.map(({ path }) => path), pooled: [] };
  const own = [...system.drives].sort((a, b) => a.gib - b.gib);
  const pool = [...(drives.get(system.rack) ?? [])];
  const local: string[] = [];
  const pooled: Device[] = [];
  for (const each of wanted) {
    const path = each.Resource?.["@odata.id"];
    const within = own.findIndex(
      (drive) =>
        each.FabricSwitch !== true &&
        (path === undefined || drive.path === path) &&
        (each.Type == null || drive.media === each.Type) &&
        (each.Interface == null || drive.protocol === each.Interface) &&
        (each.CapacityGiB ?? 0) <= drive.gib &&
        (each.MinRPM == null || (drive.media === "HDD" && each.MinRPM <= 7_200)) &&
        each.SerialNumber == null,
    );
    if (within >= 0) {
      local.push(...own.splice(within, 1).map((drive) => drive.path));
      continue;
    }
    const at = pool.findIndex(
      (drive) =>
        each.FabricSwitch !== false &&
        (path === undefined || drive.path === path || drive.endpoint === path) &&
        (each.Type == null || each.Type === "SSD") &&
        (each.Interface == null || each.Interface === "NVMe") &&
        (each.CapacityGiB ?? 0) <= drive.size &&
        each.MinRPM == null &&
        each.SerialNumber == null,
    );
    if (at < 0) return null;
    pooled.push(...pool.splice(at, 1));
  }
  return { local, pooled };
}

/** VLANs by interface; null: it does not serve. */
function interfacesOf(request: NodeRequest, system: System): Record<string, Vlan[]> | null {
  const free: Interface[] = [...system.interfaces];
  const vlans: Record<string, Vlan[]> = {};
  for (const each of request.EthernetInterfaces ?? []) {
    const at = free.findIndex(
      (one) =>
        (each.Resource === undefined || one.path === each.Resource["@odata.id"]) &&
        (each.MACAddress == null || one.mac === each.MACAddress.toLowerCase()) &&
        (each.SpeedMbps ?? 0) <= one.mbps,
    );
    const [taken] = at < 0 ? [] : free.splice(at, 1);
    if (taken === undefined) return null;
    vlans[taken.id] = (each.VLANs ?? []).map(({ VLANId, Tagged }) => ({ id: VLANId, tagged: Tagged === true }));
  }
  return vlans;
}

function hasTotals(request: NodeRequest, system: System): boolean {
  return (request.TotalSystemCoreCount ?? 0) <= coresOf(system) && (request.TotalSystemMemoryMiB ?? 0) <= mibOf(system);
}
