import type { Dialect } from "./dialect.ts";
import { type Device, groupsOf, type Hardware, type Interface, type System, type Volume } from "./hardware.ts";
import { systemPath } from "./paths.ts";
import type { PodmState, SimNode } from "./state.ts";

/** What there is, and who has it. */
export class Stock {
  readonly hardware: Hardware;
  readonly dialect: Dialect;
  /** What changes. */
  protected readonly kept: PodmState;
  readonly #systems: ReadonlyMap<string, System>;
  /** By id, path and path of the endpoint. */
  readonly #devices: ReadonlyMap<string, Device>;

  constructor(hardware: Hardware, dialect: Dialect, kept: PodmState) {
    this.hardware = hardware;
    this.dialect = dialect;
    this.kept = kept;
    this.#systems = new Map(hardware.systems.map((system) => [system.id, system]));
    this.#devices = new Map(
      hardware.devices.flatMap((each) => [each.id, each.path, each.endpoint].map((key) => [key, each] as const)),
    );
  }

  /** A system or pooled device has this path. */
  isThere(path: string): boolean {
    const id = path.slice(path.lastIndexOf("/") + 1);
    return this.#devices.get(path)?.path === path || (this.#systems.has(id) && systemPath(id) === path);
  }

  isDown(path: string): boolean {
    return this.kept.down.includes(path);
  }

  get nodes(): readonly SimNode[] {
    return this.kept.nodes;
  }

  node(id: string): SimNode | null {
    return this.nodes.find((node) => node.id === id) ?? null;
  }

  system(id: string): System | null {
    return this.#systems.get(id) ?? null;
  }

  device(key: string): Device | null {
    return this.#devices.get(key) ?? null;
  }

  nodeOfSystem(id: string): SimNode | null {
    return this.nodes.find(({ system }) => system === id) ?? null;
  }

  nodeOfDevice(id: string): SimNode | null {
    return this.nodes.find(({ devices }) => devices.includes(id)) ?? null;
  }

  volumes(): Volume[] {
    const made = this.kept.madeVolumes.map((volume) => ({ ...volume, master: false }));
    return [...this.hardware.volumes, ...made];
  }

  nodeOfVolume(id: string): SimNode | null {
    return this.nodes.find(({ volumes }) => volumes.includes(id)) ?? null;
  }

  /** A NIC that was attached to the system's node shows as one more of its interfaces. */
  attachedInterfaces(system: System): Interface[] {
    return (this.nodeOfSystem(system.id)?.devices ?? [])
      .map((id) => this.#devices.get(id)!)
      .filter(({ kind }) => kind === "NIC")
      .map(({ id, uuid, size }) => ({
        path: `${systemPath(system.id)}/EthernetInterfaces/${id}`,
        id,
        mac: `02:${uuid.slice(-10).replace(/(..)(?=.)/g, "$1:")}`,
        mbps: size,
      }));
  }

  /** What could be attached to a node now. */
  attachable(node: SimNode): { devices: Device[]; volumes: Volume[] } {
    const system = this.#systems.get(node.system)!;
    const taken = new Set(this.nodes.flatMap(({ devices }) => devices));
    const given = new Set(this.nodes.flatMap(({ volumes }) => volumes));
    return {
      devices: this.hardware.devices.filter(
        ({ id, rack, path }) => rack === system.rack && !taken.has(id) && !this.isDown(path),
      ),
      volumes: this.dialect.volumes ? this.hardware.volumes.filter(({ id, master }) => !master && !given.has(id)) : [],
    };
  }

  volumeAt(path: string): Volume | undefined {
    const id = /\/(?:Volumes|LogicalDrives|Targets)\/([^/]+)$/.exec(path)?.[1];
    return this.volumes().find((volume) => volume.id === id);
  }

  /** By rack, the smaller first. */
  freeDevices(): { drives: Map<string, Device[]>; accelerators: Map<string, Device[]> } {
    const taken = new Set(this.nodes.flatMap(({ devices }) => devices));
    const free = this.hardware.devices.filter(({ id, path }) => !taken.has(id) && !this.isDown(path));
    const pool = (...kinds: Device["kind"][]) => {
      const of = free.filter(({ kind }) => kinds.includes(kind)).sort((a, b) => a.size - b.size);
      return groupsOf(of, ({ rack }) => rack);
    };
    return { drives: pool("NVMe"), accelerators: pool("GPU", "FPGA") };
  }
}
