// A core with a random data center and application in it, `begin` called, and units that can be moved about by hand.
import { BLOCK_ROWS, NONE } from "../../assembly/abi.ts";
import { catalogueOf } from "../../host/core/catalogue.ts";
import { encode } from "../../host/core/encode.ts";
import { Inventory } from "../../host/core/inventory.ts";
import { type CoreBuild, type CoreExports, corePath } from "../../host/core/load.ts";
import type { Application, DataCenter, ExistingVm, Host, Level, Pipe, Resources, Vm } from "../../host/core/model.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { CoreSession } from "../../host/core/session.ts";
import { Random } from "../support/random.ts";
import { randomProblem, type Size } from "../support/random-problem.ts";

export const BUILDS: readonly CoreBuild[] = ["release", "debug", "check"];

const sessions = new Map<CoreBuild, CoreSession>();

/** One instance of each build for all tests of a file. */
export function sessionOf(build: CoreBuild): CoreSession {
  let session = sessions.get(build);
  if (session === undefined) {
    session = new CoreSession(corePath(build));
    sessions.set(build, session);
  }
  return session;
}

interface Scene {
  readonly dataCenter: DataCenter;
  readonly application: Application;
}

const scenes = new Map<number, Scene>();

/** The first scene from this seed on in which there is something to decide. */
function sceneWorthPlaying(seed: number): Scene {
  const known = scenes.get(seed);
  if (known !== undefined) return known;
  for (let next = seed; ; next++) {
    const scene = randomScene(next, { hosts: 24, vms: 14 }, next % 3 === 0);
    if (scene.dataCenter.hosts.length < 6 || scene.application.vms.length < 5) continue;
    if (scene.application.groups.length < 2) continue;
    scenes.set(seed, scene);
    return scene;
  }
}

/**
 * A random problem in which some of the existing VMs are tracked with their needs, some joined with the application's. `oneRack`: what has a rack is in the
 * same one, so that a rack has more than one block; the problem may then have no answer.
 */
export function randomScene(seed: number, size?: Size, oneRack = false): Scene {
  const { problem } = randomProblem(seed, size);
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), `problem ${seed}`);
  const moved = (host: Host) => (oneRack && host.rack !== null ? { ...host, rack: "r0", cluster: "c0" } : host);
  const hosts = new Map(dataCenter.hosts.map((host) => [host.name, moved(host)]));
  const random = new Random(seed);
  const existing = dataCenter.existing.map((vm): ExistingVm => {
    const host = hosts.get(vm.host)!;
    if (!random.chance(0.5)) return vm;
    const part = (used: number) => Math.floor(used * random.next());
    const { vcpus, ramMiB, diskGiB } = host.used;
    const need: Resources = { vcpus: part(vcpus), ramMiB: part(ramMiB), diskGiB: part(diskGiB) };
    const used = { vcpus: vcpus - need.vcpus, ramMiB: ramMiB - need.ramMiB, diskGiB: diskGiB - need.diskGiB };
    hosts.set(host.name, { ...host, used });
    return { ...vm, need };
  });
  const { vms, pipes = [] } = application!;
  // Choices of their own, so that the rest of a scene is what it is without traits.
  const traits = new Random(seed ^ 0x7a17);
  const living = existing.flatMap(({ id }): Pipe[] =>
    pipes.length > 0 && random.chance(0.2) ? [{ a: random.pick(vms).name, b: id, living: true, kbps: 1_000 }] : [],
  );
  return {
    dataCenter: { ...dataCenter, hosts: [...hosts.values()].map((host) => withTraits(host, traits)), existing },
    application: {
      ...application!,
      vms: vms.map((vm) => ({ ...vm, extraSpecs: { ...vm.extraSpecs, ...traitSpecs(traits) } })),
      pipes: [...pipes, ...living],
    },
  };
}

const TRAITS = ["TPM", "AVX", "CUSTOM_A", "CUSTOM_B"];

/** Most hosts have some, few of none is known. */
function withTraits(host: Host, random: Random): Host {
  return random.chance(0.1) ? host : { ...host, traits: random.some(TRAITS, 0.7) };
}

/** One VM in five asks for a trait or two. */
function traitSpecs(random: Random): Vm["extraSpecs"] {
  if (!random.chance(0.2)) return {};
  const demand = () => [`trait:${random.pick(TRAITS)}`, random.chance(0.7) ? "required" : "forbidden"] as const;
  return Object.fromEntries([demand(), ...(random.chance(0.3) ? [demand()] : [])]);
}

export class Stage {
  readonly dataCenter: DataCenter;
  readonly application: Application;
  readonly inventory: Inventory;
  readonly core: CoreExports;
  readonly rules: readonly string[];
  /** VM name -> host. */
  readonly placed = new Map<string, Host>();
  /** VMs that stand on one host together (host-level affinity, closed transitively); units by their lowest VM. */
  readonly units: readonly (readonly Vm[])[];
  readonly random: Random;
  readonly #rowOfVm: ReadonlyMap<string, number>;

  /** `only`: leave out every rule but this one. */
  constructor(build: CoreBuild, seed: number, only?: string) {
    const { dataCenter, application } = sceneWorthPlaying(seed);
    this.dataCenter = dataCenter;
    this.application = application;
    this.inventory = new Inventory(dataCenter);
    this.random = new Random(~seed);
    const session = sessionOf(build);
    this.core = session.core;
    this.rules = catalogueOf(session.core).map((rule) => rule.name);
    this.units = unitsOf(application, only === undefined || only === "affinity");
    this.#rowOfVm = new Map(application.vms.map((vm, i) => [vm.name, i]));
    session.sync(this.inventory.snapshot.buffer);
    session.write(encode(this.inventory, application));
    this.core.disableRules(only === undefined ? 0 : ~(1 << this.rules.indexOf(only)));
    this.core.begin(1);
  }

  get blocks(): number {
    return this.inventory.snapshot.size.blocks;
  }

  vmRow(unit: readonly Vm[]): number {
    return this.#rowOfVm.get(unit[0]!.name)!;
  }

  hostAt(row: number): Host | undefined {
    const name = this.inventory.hostAt(row);
    return name === undefined ? undefined : this.inventory.hosts.get(name);
  }

  isPlaced(unit: readonly Vm[]): boolean {
    return this.placed.has(unit[0]!.name);
  }

  /** Units that wait for a host: the search asks the rules for no others. */
  waiting(): (readonly Vm[])[] {
    return this.units.filter((unit) => !this.isPlaced(unit));
  }

  /** Rows on which every rule that is on allows the unit to stand now. */
  allowedRows(unit: readonly Vm[]): number[] {
    const rows: number[] = [];
    for (let block = 0; block < this.blocks; block++) {
      const mask = this.core.filterAll(this.vmRow(unit), block, 0xffff);
      for (let lane = 0; lane < BLOCK_ROWS; lane++) if (mask & (1 << lane)) rows.push(block * BLOCK_ROWS + lane);
    }
    return rows;
  }

  put(unit: readonly Vm[], row: number): void {
    this.core.move(this.vmRow(unit), row);
    for (const vm of unit) this.placed.set(vm.name, this.hostAt(row)!);
  }

  takeOff(unit: readonly Vm[]): void {
    this.core.move(this.vmRow(unit), NONE);
    for (const vm of unit) this.placed.delete(vm.name);
  }

  /** Legal moves: onto hosts that all rules allow, now and then off again. */
  wander(steps: number): void {
    for (let i = 0; i < steps; i++) {
      const unit = this.random.pick(this.units);
      if (this.isPlaced(unit)) {
        if (this.random.chance(0.4)) this.takeOff(unit);
        continue;
      }
      const rows = this.allowedRows(unit);
      if (rows.length > 0) this.put(unit, this.random.pick(rows));
    }
  }
}

function unitsOf(application: Application, affinity: boolean): Vm[][] {
  const units = new Map(application.vms.map((vm) => [vm.name, [vm]]));
  for (const group of application.groups) {
    if (!affinity || group.type !== "affinity" || group.level !== "host") continue;
    const joined = new Set([...vmsBelow(application, group.name)].flatMap((vm) => units.get(vm)!));
    const unit = application.vms.filter((vm) => joined.has(vm));
    for (const vm of unit) units.set(vm.name, unit);
  }
  return [...new Set(application.vms.map((vm) => units.get(vm.name)!))];
}

/** Names of the VMs below a VM or group. */
export function vmsBelow(application: Application, member: string): Set<string> {
  const group = application.groups.find((each) => each.name === member);
  if (group === undefined) return new Set([member]);
  return new Set(group.members.flatMap((each) => [...vmsBelow(application, each)]));
}

export function containerOf(host: Host, level: Level): string | null {
  return level === "host" ? host.name : host[level];
}

/** Containers where the group lives on hosts that are up. */
export function livingIn({ dataCenter, inventory }: Stage, key: string, level: Level): (string | null)[] {
  return dataCenter.existing
    .filter((vm) => vm.groups.includes(key) && inventory.hosts.get(vm.host)!.up)
    .map((vm) => containerOf(inventory.hosts.get(vm.host)!, level));
}
