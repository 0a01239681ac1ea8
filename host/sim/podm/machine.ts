import { Agenda } from "../base/agenda.ts";
import { Refusal } from "../base/answer.ts";
import type { SimClock } from "../base/clock.ts";
import type { SimEvent } from "../base/events.ts";
import { type PowerState, powerAfter, RESET_TYPES } from "../base/power.ts";
import type { Dialect } from "./dialect.ts";
import type { Hardware } from "./hardware.ts";
import { match } from "./match.ts";
import { nodePath, systemPath } from "./paths.ts";
import type { NodeRequest } from "./request.ts";
import type { Boot, PodmState, SimNode } from "./state.ts";
import { Stock } from "./stock.ts";

/** What Boot takes. */
export const BOOT_TARGETS = ["None", "Pxe", "Hdd", "RemoteDrive"] as const;
export const BOOT_STATES = ["Disabled", "Once", "Continuous"] as const;
export const BOOT_MODES = ["Legacy", "UEFI"] as const;

export interface MachineOptions {
  readonly hardware: Hardware;
  readonly state: PodmState;
  readonly dialect: Dialect;
  readonly clock: SimClock;
  /** From the order to assemble until a node is assembled. */
  readonly assembleMs: number;
  /** Until a reset has taken effect. */
  readonly resetMs: number;
  readonly emit: (event: SimEvent) => void;
  /** Called after what happens by itself. */
  readonly happened: () => void;
}

/** How the pod behaves: what can be done to its hardware, and what becomes of it. All of it throws Refusals. */
export class Machine extends Stock {
  readonly #options: MachineOptions;
  readonly #agenda: Agenda;
  #failing = 0;

  constructor(options: MachineOptions) {
    super(options.hardware, options.dialect, options.state);
    this.#options = options;
    const kinds = {
      assembled: (id: string) => this.#assembled(id),
      on: (id: string) => this.#powered(id, "On"),
      off: (id: string) => this.#powered(id, "Off"),
    };
    this.#agenda = new Agenda(options.clock, kinds, options.happened);
    this.#agenda.load(options.state.due);
  }

  get state(): PodmState {
    this.kept.due = this.#agenda.list();
    return this.kept;
  }

  /** Nothing happens by itself any more. */
  stop(): void {
    this.#agenda.stop();
  }

  /** The next `count` assemblies end as Failed. */
  failAssembly(count = 1): void {
    this.#failing = count;
  }

  /** Takes a system or device away, by its path, or brings it back. */
  setDown(path: string, down: boolean): void {
    const state = this.kept;
    const others = state.down.filter((each) => each !== path);
    state.down = down ? [...others, path] : others;
    this.#options.emit({ type: "StatusChange", origin: path, message: `${path} is ${down ? "down" : "up"}` });
  }

  power(system: string): PowerState {
    return this.kept.power[system] ?? "On";
  }

  boot(system: string): Boot {
    const first = {
      BootSourceOverrideEnabled: "Once",
      BootSourceOverrideTarget: "Pxe",
      BootSourceOverrideMode: "Legacy",
    };
    return this.kept.boot[system] ?? first;
  }

  allocate(request: NodeRequest): SimNode {
    const state = this.kept;
    const volumes = (request.RemoteDrives ?? []).map((each) => this.#remoteDrive(each));
    const used = new Set(state.nodes.map(({ system }) => system));
    const fit = match(request, {
      hardware: this.hardware,
      systems: this.hardware.systems.filter(({ id }) => !used.has(id) && !this.isDown(systemPath(id))),
      ...this.freeDevices(),
      sums: this.dialect.sums,
    });
    if (typeof fit === "string") {
      const none = "There are no computer systems available for this allocation request.";
      throw new Refusal(409, "Conflict during allocation", { code: this.#mismatch, details: [none, fit] });
    }
    const node: SimNode = {
      id: `Node${state.nextNode++}`,
      name: request.Name ?? "Composed Node",
      description: request.Description ?? null,
      state: "Allocated",
      system: fit.system.id,
      localDrives: fit.localDrives,
      devices: fit.devices.map(({ id }) => id),
      volumes: volumes.map((volume) => (typeof volume === "string" ? volume : this.#makeVolume(volume.gib))),
      vlans: fit.vlans,
      clearTpmOnDelete: false,
      taggedValues: {},
    };
    state.nodes.push(node);
    this.#emit("ResourceAdded", nodePath(node.id), `${node.id} was allocated`);
    return node;
  }

  assemble(node: SimNode): void {
    if (node.state !== "Allocated") {
      throw this.#conflict(`Only composed node in ALLOCATED state can be assembled, ${node.id} is ${node.state}`);
    }
    node.state = "Assembling";
    this.#agenda.add("assembled", node.id, this.#options.assembleMs);
  }

  reset(node: SimNode, type: unknown): void {
    if (type === undefined || type === null) throw invalid("ResetType: property is missing");
    if (node.state !== "Assembled" && node.state !== "Failed") {
      throw this.#conflict(`ComposedNode state is invalid for requested power action: ${node.state}`);
    }
    if (this.isDown(systemPath(node.system))) {
      throw this.#conflict("ComputerSystem should be enabled and healthy in order to invoke actions on it.");
    }
    this.resetSystem(node.system, type);
  }

  resetSystem(system: string, type: unknown): void {
    const known = RESET_TYPES.find((each) => each === type);
    if (known === undefined) throw invalid(`ResetType: ${String(type)} is not one of ${RESET_TYPES.join(", ")}`);
    const now = this.power(system);
    const change = powerAfter(known, now);
    if (change === null) return;
    this.kept.power[system] = change.during;
    const [next, other] = change.after === "On" ? ["on", "off"] : ["off", "on"];
    this.#agenda.cancel(other!, system);
    this.#agenda.add(next!, system, this.#options.resetMs);
  }

  setBoot(system: string, change: unknown): void {
    if (typeof change !== "object" || change === null) throw invalid("Boot must be an object");
    const allowed: Record<string, readonly string[]> = {
      BootSourceOverrideEnabled: BOOT_STATES,
      BootSourceOverrideTarget: BOOT_TARGETS,
      BootSourceOverrideMode: BOOT_MODES,
    };
    for (const [name, value] of Object.entries(change)) {
      const values = allowed[name];
      if (values === undefined) throw invalid(`Boot/${name} cannot be set`);
      if (!values.includes(value)) throw invalid(`Boot/${name}: ${String(value)} is not one of ${values.join(", ")}`);
    }
    this.kept.boot[system] = { ...this.boot(system), ...change };
    this.#emit("ResourceUpdated", systemPath(system), `${system} boots otherwise`);
  }

  assetTag(system: string): string {
    return this.kept.assetTags[system] ?? `asset tag${system}`;
  }

  setAssetTag(system: string, tag: string): void {
    this.kept.assetTags[system] = tag;
  }

  /** Hardware goes back to the pool; what was made for the node goes with it. */
  remove(node: SimNode): void {
    const state = this.kept;
    this.#agenda.cancel("assembled", node.id);
    state.nodes = state.nodes.filter((other) => other !== node);
    state.madeVolumes = state.madeVolumes.filter(({ id }) => !node.volumes.includes(id));
    this.#emit("ResourceRemoved", nodePath(node.id), `${node.id} was disassembled`);
  }

  /** `resource`: path of a device, of its endpoint, or of a volume. */
  attach(node: SimNode, resource: string, protocol: unknown): void {
    this.#movable(node);
    const device = this.device(resource) ?? undefined;
    if (device === undefined) {
      this.#attachVolume(node, resource, protocol);
      return;
    }
    const own = device.kind === "NVMe" ? ["NVMe", "PCIe"] : ["PCIe"];
    if (protocol !== undefined && !own.includes(String(protocol))) {
      throw invalid(`Protocol: ${String(protocol)} does not match ${own.join(" or ")} of ${resource}`);
    }
    if (this.nodeOfDevice(device.id) !== null) throw this.#conflict(`${resource} is currently in use`);
    if (this.isDown(device.path)) throw this.#conflict(`${resource} is not available`);
    const system = this.system(node.system)!;
    if (device.rack !== system.rack) {
      throw this.#conflict(
        `${resource} cannot be reached from ${system.id}: it is in ${device.rack}, not ${system.rack}`,
      );
    }
    node.devices.push(device.id);
    this.#emit("ResourceUpdated", device.endpoint, `${device.id} was attached to ${node.id}`);
  }

  /** A new volume of a size, as 2.1 and 2.2 have it. */
  attachNew(node: SimNode, gib: number): void {
    this.#movable(node);
    node.volumes.push(this.#makeVolume(gib));
    this.#emit("ResourceUpdated", nodePath(node.id), `${node.id} has a volume more`);
  }

  detach(node: SimNode, resource: string): void {
    this.#movable(node);
    const device = this.device(resource) ?? undefined;
    if (device !== undefined && node.devices.includes(device.id)) {
      node.devices = node.devices.filter((id) => id !== device.id);
      this.#emit("ResourceUpdated", device.endpoint, `${device.id} was detached from ${node.id}`);
      return;
    }
    const volume = this.volumeAt(resource);
    if (volume !== undefined && node.volumes.includes(volume.id)) {
      node.volumes = node.volumes.filter((id) => id !== volume.id);
      this.#emit("ResourceUpdated", nodePath(node.id), `${node.id} has a volume less`);
      return;
    }
    if (device === undefined && volume === undefined) throw invalid(`Resource: there is nothing at ${resource}`);
    throw this.#conflict(`${resource} is not attached to ${node.id}`);
  }

  #attachVolume(node: SimNode, resource: string, protocol: unknown): void {
    const volume = this.dialect.volumes ? this.volumeAt(resource) : undefined;
    if (volume === undefined) throw invalid(`Resource: ${resource} cannot be attached`);
    if (protocol !== undefined && protocol !== "NVMeOverFabrics") {
      throw invalid(`Protocol: ${String(protocol)} does not match NVMeOverFabrics of ${resource}`);
    }
    if (volume.master || this.nodeOfVolume(volume.id) !== null) {
      throw this.#conflict(`${resource} is currently in use`);
    }
    node.volumes.push(volume.id);
    this.#emit("ResourceUpdated", resource, `Volume ${volume.id} was attached to ${node.id}`);
  }

  /** The id of a volume that exists, or the size of one to be made. */
  #remoteDrive(wanted: NonNullable<NodeRequest["RemoteDrives"]>[number]): string | { gib: number } {
    const master = wanted.Master?.Resource?.["@odata.id"];
    if (master !== undefined && this.volumeAt(master)?.master !== true) {
      throw invalid(`RemoteDrives/Master/Resource: ${master} is no master`);
    }
    const path = wanted.Resource?.["@odata.id"];
    if (path === undefined) {
      if (wanted.CapacityGiB == null) throw invalid("RemoteDrives/CapacityGiB: property is missing");
      return { gib: wanted.CapacityGiB };
    }
    const volume = this.volumeAt(path);
    if (volume === undefined) throw invalid(`RemoteDrives/Resource: there is no volume at ${path}`);
    if (volume.master || this.nodeOfVolume(volume.id) !== null) {
      throw new Refusal(409, "Conflict during allocation", {
        code: this.#mismatch,
        details: [`${path} is currently in use`],
      });
    }
    return volume.id;
  }

  #makeVolume(gib: number): string {
    const state = this.kept;
    const id = String(state.nextVolume++);
    state.madeVolumes.push({ id, gib });
    return id;
  }

  #movable(node: SimNode): void {
    if (this.isDown(systemPath(node.system))) {
      const none = "There is no Computer System related with requested Node.";
      throw new Refusal(503, none, { headers: { "Retry-After": "30" } });
    }
    if (node.state === "Assembled" || node.state === "Failed") return;
    throw this.#conflict("Composed Node should be assembled in order to invoke this action on it.");
  }

  #assembled(id: string): void {
    const node = this.node(id);
    if (node === null) return;
    node.state = this.#failing > 0 ? "Failed" : "Assembled";
    if (this.#failing > 0) this.#failing--;
    this.#emit("ResourceUpdated", nodePath(id), `${id} is ${node.state}`);
  }

  #powered(system: string, power: PowerState): void {
    const state = this.kept;
    if (power === "On") delete state.power[system];
    else state.power[system] = power;
    this.#emit("StatusChange", systemPath(system), `${system} is ${power}`);
  }

  #emit(type: SimEvent["type"], origin: string, message: string): void {
    this.#options.emit({ type, origin, message });
  }

  #conflict(message: string): Refusal {
    return new Refusal(409, message, { code: this.#mismatch });
  }

  /** The latest version has one code for everything. */
  get #mismatch(): string {
    return this.dialect.name === "2.4" ? "Base.1.0.GeneralError" : "Base.1.0.ResourcesStateMismatch";
  }
}

function invalid(message: string): Refusal {
  return new Refusal(400, message, { code: "Base.1.0.InvalidPayload" });
}
