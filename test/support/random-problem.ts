// Random problems that touch every rule. A placement is planted first and the rules are grown around it, so that most
// problems are feasible although hosts are nearly full; about one in sixteen is then disturbed and may have no answer.
import { type GroupType, groupKey, LEVELS, type Level } from "../../host/core/model.ts";
import type { ProblemFile } from "../../host/core/problem-schema.ts";
import { Random } from "./random.ts";
import { aggregates, demandsOf, someDemand } from "./random-specs.ts";

type App = NonNullable<ProblemFile["app"]>;
type VmFile = NonNullable<App["vms"]>[number];
type GroupFile = NonNullable<App["groups"]>[number];
type VolumeFile = NonNullable<App["volumes"]>[number];
type PipeFile = NonNullable<App["pipes"]>[number];
type HostFile = ProblemFile["hosts"][number];
type RackFile = NonNullable<ProblemFile["racks"]>[number];
type Placements = Record<string, string>;

interface AppFile {
  name: string;
  vms: VmFile[];
  volumes: VolumeFile[];
  pipes: PipeFile[];
  groups: GroupFile[];
}

interface ExistingFile {
  id: string;
  host: string;
  groups: string[];
}

export interface RandomProblem {
  readonly problem: Omit<ProblemFile, "existing" | "app"> & { existing: ExistingFile[]; app: AppFile };
  /** An answer, unless `disturbed`. */
  readonly planted: Placements;
  readonly disturbed: boolean;
}

export interface Size {
  /** Most hosts, at least 2. Default 40. */
  readonly hosts?: number;
  /** Most VMs. Default 25. */
  readonly vms?: number;
}

export function randomProblem(seed: number, size: Size = {}): RandomProblem {
  const random = new Random(seed);
  const hosts = topology(random, random.between(2, random.between(2, size.hosts ?? 40)));
  const up = hosts.filter((host) => host.status === "up");
  const favourites = random.shuffled(up).slice(0, random.between(1, up.length));
  const vms = Array.from({ length: random.between(1, random.between(1, size.vms ?? 25)) }, (_, i) =>
    randomVm(random, i),
  );
  const planted: Placements = {};
  for (const vm of vms) planted[vm.name] = random.pick(random.chance(0.9) ? favourites : up).name;

  const grown: Grown = {
    random,
    hosts,
    byName: new Map(hosts.map((host) => [host.name, host])),
    planted,
    groups: [],
    below: new Map(),
  };
  const groupCount = random.between(0, Math.min(8, 1 + vms.length));
  for (let i = 0; i < groupCount; i++) growGroup(grown, vms);
  const volumes = growVolumes(grown, vms);
  const existing = growExisting(grown);
  furnish(grown, vms, volumes);
  const disturbed = random.chance(0.06);
  if (disturbed) disturb(random, hosts, vms, existing);

  const name = `random-${seed}`;
  const groups = random.shuffled(grown.groups);
  // Choices of their own, so that the rest of a problem is what it is without pipes.
  const { pipes, racks } = growPipes({ ...grown, random: new Random(seed ^ 0x5151) }, vms);
  const app: AppFile = { name, vms, volumes, pipes, groups: groups };
  return {
    problem: { format: "placement-problem/1", name, seed, hosts, racks, aggregates, existing, app },
    planted,
    disturbed,
  };
}

interface Grown {
  readonly random: Random;
  readonly hosts: HostFile[];
  readonly byName: ReadonlyMap<string, HostFile>;
  readonly planted: Placements;
  readonly groups: GroupFile[];
  /** Group -> VMs below it. */
  readonly below: Map<string, ReadonlySet<string>>;
}

function containerOf(host: HostFile, level: Level): string | null {
  return level === "host" ? host.name : (host[level] ?? null);
}

function topology(random: Random, count: number): HostFile[] {
  const clusters = random.between(0, 3);
  const racks = Array.from({ length: random.between(1, Math.max(2, Math.ceil(count / 3))) }, (_, i) => ({
    name: `r${i}`,
    cluster: clusters > 0 && random.chance(0.9) ? `c${random.between(0, clusters - 1)}` : null,
  }));
  const rackless = random.chance(0.4) ? 0.2 : 0;
  const hosts = Array.from({ length: count }, (_, i): HostFile => {
    const rack = random.chance(rackless) ? null : random.pick(racks);
    const stray = clusters > 0 && random.chance(0.5) ? `c${random.between(0, clusters - 1)}` : null;
    return {
      name: `h${i}`,
      rack: rack?.name ?? null,
      cluster: rack === null ? stray : rack.cluster,
      az: random.pick(["z0", "z0", "z1", null]),
      aggregates: random.some(Object.keys(aggregates), 0.3),
      status: i > 0 && random.chance(0.08) ? "down" : "up",
      capacity: { vcpus: 0, mem_mb: 0, disk_gb: 0 },
      used: { vcpus: 0, mem_mb: 0, disk_gb: 0 },
    };
  });
  return random.shuffled(hosts);
}

function randomVm(random: Random, i: number): VmFile {
  return {
    name: `v${i}`,
    vcpus: random.pick([0, 1, 1, 2, 2, 4, 8]),
    mem_mb: 512 * random.pick([0, 1, 2, 4, 4, 8, 16]),
    disk_gb: random.pick([0, 10, 20, 20, 40, 80]),
  };
}

const TYPES: readonly GroupType[] = ["affinity", "diversity", "exclusivity"];

/** Adds one group that the planted placement keeps. */
function growGroup(grown: Grown, vms: readonly VmFile[]): void {
  const { random, byName, planted, groups, below } = grown;
  const level = random.pick(LEVELS);
  const type = random.pick(TYPES);
  const inContainer = new Map<string, string[]>();
  for (const { name } of vms) {
    const container = containerOf(byName.get(planted[name]!)!, level);
    if (container !== null) inContainer.set(container, [...(inContainer.get(container) ?? []), name]);
  }
  if (inContainer.size === 0) return;
  const nestable = (set: ReadonlySet<string>) =>
    groups.filter((group) => {
      const leaves = [...below.get(group.name)!];
      return (
        LEVELS.indexOf(group.level) <= LEVELS.indexOf(level) &&
        (type === "affinity" || group.type === "affinity") &&
        leaves.length > 0 &&
        leaves.every((vm) => set.has(vm))
      );
    });

  const members: string[] = [];
  if (type === "diversity") {
    for (const [, here] of random.shuffled([...inContainer]).slice(0, random.between(1, 6))) {
      const nested = nestable(new Set(here));
      members.push(nested.length > 0 && random.chance(0.6) ? random.pick(nested).name : random.pick(here));
    }
  } else {
    const containers = random
      .shuffled([...inContainer.values()])
      .slice(0, type === "affinity" ? 1 : random.between(1, 2));
    const inside = containers.flat();
    // An exclusivity group takes in everyone who stands in its containers.
    const wanted = new Set(type === "exclusivity" ? inside : random.shuffled(inside).slice(0, random.between(1, 6)));
    for (const nested of nestable(wanted)) if (random.chance(0.5)) members.push(nested.name);
    const covered = new Set(members.flatMap((member) => [...below.get(member)!]));
    for (const vm of wanted) if (!covered.has(vm) || random.chance(0.2)) members.push(vm);
  }
  const name = `g${groups.length}`;
  groups.push({ name, type, level, members: random.shuffled(members) });
  below.set(name, new Set(members.flatMap((member) => [...(below.get(member) ?? [member])])));
}

/** A few VMs get a volume; sometimes it stands for its VM in a group, or takes disk of the VM's host. */
function growVolumes({ random, groups }: Grown, vms: readonly VmFile[]): VolumeFile[] {
  const volumes: VolumeFile[] = [];
  for (const vm of vms) {
    if (!random.chance(0.06)) continue;
    const name = `vol${volumes.length}`;
    volumes.push({
      name,
      size_gb: 10 * random.between(0, 4),
      type: null,
      attached_to: vm.name,
      local: random.chance(0.5),
    });
    for (const group of groups) {
      const at = group.members.indexOf(vm.name);
      if (at >= 0 && random.chance(0.5)) group.members[at] = name;
    }
  }
  return volumes;
}

/** VMs that live there already, some of them in the application's groups, such that the planted placement may join. */
function growExisting(grown: Grown): ExistingFile[] {
  const { random, hosts, groups, planted, byName, below } = grown;
  const exclusive = new Map<string, string[]>(); // "level container" -> the exclusivity keys that all VMs in it carry
  for (const level of LEVELS)
    for (const container of new Set(hosts.map((host) => containerOf(host, level)))) {
      if (container === null) continue;
      const residents = Object.keys(planted).filter(
        (vm) => containerOf(byName.get(planted[vm]!)!, level) === container,
      );
      const own = groups.filter((group) => group.type === "exclusivity" && group.level === level);
      let keys = own.filter((group) => residents.some((vm) => below.get(group.name)!.has(vm))).map(groupKey);
      if (residents.length === 0 && random.chance(level === "host" ? 0.15 : 0.1))
        keys = [own.length > 0 && random.chance(0.5) ? groupKey(random.pick(own)) : `${level}:EX:other${container}`];
      exclusive.set(`${level} ${container}`, keys);
    }

  const open = groups.map((group) => ({
    group,
    // Half of the groups live nowhere yet.
    share: group.type === "exclusivity" || random.chance(0.5) ? 0 : 0.4,
    containers: new Set([...below.get(group.name)!].map((vm) => containerOf(byName.get(planted[vm]!)!, group.level))),
  }));
  const existing: ExistingFile[] = [];
  for (const host of hosts) {
    const count = random.chance(0.4) ? 0 : random.between(1, 3);
    for (let i = 0; i < count; i++) {
      const keys: string[] = [];
      for (const level of LEVELS) keys.push(...(exclusive.get(`${level} ${containerOf(host, level)}`) ?? []));
      for (const { group, share, containers } of open) {
        const container = containerOf(host, group.level);
        if (container === null || !random.chance(share)) continue;
        const mayLiveHere = group.type === "affinity" ? containers.has(container) : !containers.has(container);
        if (host.status === "down" || mayLiveHere) keys.push(groupKey(group));
      }
      existing.push({ id: `e${existing.length}`, host: host.name, groups: keys });
      host.used!.vcpus! += random.between(0, 4);
      host.used!.mem_mb! += 512 * random.between(0, 8);
      host.used!.disk_gb! += 10 * random.between(0, 4);
    }
  }
  return existing;
}

/** Capacities just large enough for what is planted, and rules on single VMs that the planted placement keeps. */
function furnish({ random, hosts, planted, byName }: Grown, vms: readonly VmFile[], volumes: VolumeFile[]): void {
  for (const host of hosts) {
    const here = vms.filter((vm) => planted[vm.name] === host.name);
    const local = volumes.filter((volume) => volume.local && planted[volume.attached_to!] === host.name);
    const volumeDisk = local.reduce((sum, volume) => sum + (volume.size_gb ?? 0), 0);
    // Hosts that are down have room, so that only their being down keeps VMs off.
    const slack = (step: number) =>
      host.status === "up" && random.chance(0.4) ? 0 : step * random.between(0, random.pick([2, 8]));
    const used = host.used as { vcpus: number; mem_mb: number; disk_gb: number };
    host.capacity = {
      vcpus: used.vcpus + here.reduce((sum, vm) => sum + vm.vcpus, 0) + slack(1),
      mem_mb: used.mem_mb + here.reduce((sum, vm) => sum + vm.mem_mb, 0) + slack(512),
      disk_gb: used.disk_gb + here.reduce((sum, vm) => sum + vm.disk_gb, 0) + volumeDisk + slack(10),
    };
    if (random.chance(0.4))
      host.physical = {
        vcpus: Math.max(random.between(0, 4), ...here.map((vm) => vm.vcpus)),
        mem_mb: Math.max(512 * random.between(0, 8), ...here.map((vm) => vm.mem_mb)),
      };
    if (here.length === 0 && random.chance(0.05)) used.disk_gb = host.capacity.disk_gb + 1;
  }
  for (const vm of vms) {
    const home = byName.get(planted[vm.name]!)!;
    if (home.az && random.chance(0.2)) vm.az = home.az;
    if (home.aggregates!.length > 0 && random.chance(0.3))
      vm.extra_specs = demandsOf(random.pick(home.aggregates!), random);
    else if (random.chance(0.1)) vm.extra_specs = { "hw:cpu_policy": "dedicated", valet: '{"groups":[]}' };
    const others = hosts.filter((host) => host !== home).map((host) => host.name);
    if (random.chance(0.12)) vm.candidates = random.shuffled([home.name, ...random.some(others, 0.4), "elsewhere"]);
    if (random.chance(0.12)) vm.excluded = random.some([...others, "elsewhere"], 0.4);
    if (random.chance(0.08)) vm.fixed = home.name;
  }
}

/** In two of three problems pipes, and links just large enough for them as planted; some links are without a limit. */
function growPipes(
  { random, hosts, planted, byName }: Grown,
  vms: readonly VmFile[],
): { pipes: PipeFile[]; racks: RackFile[] } {
  const pipes: PipeFile[] = [];
  const racks: RackFile[] = [];
  if (vms.length < 2 || random.chance(1 / 3)) return { pipes, racks };
  const hub = random.pick(vms).name;
  const count = random.between(1, random.between(1, 2 * vms.length));
  for (let i = 0; i < count; i++) {
    const a = random.chance(0.3) ? hub : random.pick(vms).name;
    const b = random.pick(vms).name;
    if (a !== b) pipes.push({ a, b, mbps: random.pick([1, 10, 100, 100, 250, 1_000]) });
  }
  const onHost = new Map<string, number>();
  const inRack = new Map<string, number>();
  const plus = (sums: Map<string, number>, key: string, by: number) => sums.set(key, (sums.get(key) ?? 0) + by);
  for (const { a, b, mbps } of pipes) {
    const [from, to] = [byName.get(planted[a]!)!, byName.get(planted[b]!)!];
    if (from === to) continue;
    for (const host of [from, to]) {
      plus(onHost, host.name, mbps);
      if (from.rack !== to.rack && host.rack) plus(inRack, host.rack, mbps);
    }
  }
  const slack = () => (random.chance(0.5) ? 0 : random.pick([1, 100, 500, 2_000]));
  for (const host of hosts) {
    if (random.chance(0.2)) continue;
    const used = random.chance(0.5) ? 0 : random.between(0, 500);
    const load = onHost.get(host.name);
    host.bw_used_mbps = used;
    host.bw_mbps = used + (load ?? 0) + slack();
    // Over its capacity already: nothing that reserves bandwidth may come, everything else may.
    if (load === undefined && random.chance(0.05)) host.bw_used_mbps = host.bw_mbps + 1;
  }
  for (const name of new Set(hosts.flatMap(({ rack }) => rack ?? []))) {
    if (random.chance(0.2)) continue;
    const used = random.between(0, 500);
    racks.push({ name, uplink_mbps: used + (inRack.get(name) ?? 0) + slack(), uplink_used_mbps: used });
  }
  return { pipes, racks };
}

/** One change that pays no heed to the planted placement. */
function disturb(random: Random, hosts: HostFile[], vms: VmFile[], existing: ExistingFile[]): void {
  const vm = random.pick(vms);
  const host = random.pick(hosts);
  const changes: (() => Partial<VmFile>)[] = [
    () => ({ fixed: host.name }),
    () => ({ candidates: random.chance(0.3) ? [] : [host.name] }),
    () => ({ excluded: hosts.map((each) => each.name) }),
    () => ({ az: random.pick(["z0", "z1", "z9"]) }),
    () => ({ vcpus: vm.vcpus + 3 }),
    () => ({ mem_mb: vm.mem_mb * 2 }),
    () => ({ extra_specs: someDemand(random) }),
  ];
  const happenings: (() => void)[] = [
    () => {
      host.status = "down";
    },
    () => {
      host.capacity = { ...host.capacity, [random.pick(["vcpus", "mem_mb", "disk_gb"])]: 0 };
    },
    () => {
      const keys = existing.flatMap((each) => each.groups).filter((key) => key.startsWith("host:"));
      if (keys.length === 0) return;
      const key = random.pick(keys);
      const { groups } = random.pick(existing);
      // One exclusivity a VM and level: what several of them mean is not decided by the format.
      if (!key.includes(":EX:") || !groups.some((each) => each.startsWith("host:EX:"))) groups.push(key);
    },
  ];
  if (random.chance(0.6)) Object.assign(vm, random.pick(changes)());
  else random.pick(happenings)();
}
