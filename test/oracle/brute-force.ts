// A complete search for tiny problems, written straight from the problem format: it decides whether a problem has an
// answer and which is the best. All group rules are rules on single VMs and on pairs of VMs, so a partial answer that
// breaks one stays broken and is given up at once.
import { LEVELS, type Level, type Objective } from "../../host/core/model.ts";
import type { ProblemFile } from "../../host/core/problem-schema.ts";
import { linksHold, reservedMbps } from "./links.ts";
import { score } from "./validate.mjs";

type App = NonNullable<ProblemFile["app"]>;
type VmFile = NonNullable<App["vms"]>[number];
type HostFile = ProblemFile["hosts"][number];
type ExistingFile = NonNullable<ProblemFile["existing"]>[number];
type Key = keyof HostFile["capacity"];

export type BruteForceAnswer =
  | { readonly feasible: true; readonly placements: Readonly<Record<string, string>>; readonly objective: Objective }
  | { readonly feasible: false }
  /** More steps than allowed. */
  | { readonly feasible: null };

const RESOURCES: readonly Key[] = ["vcpus", "mem_mb", "disk_gb"];
const SHORT = { affinity: "AFF", diversity: "DIV", exclusivity: "EX" } as const;

/** `firstOnly`: any answer will do. */
export function bruteForce(problem: ProblemFile, steps = 200_000, firstOnly = false): BruteForceAnswer {
  const rules = new Rules(problem);
  const { vms } = rules;
  const domains = vms.map((vm) => problem.hosts.filter((host) => rules.allowsAlone(vm, host)));
  const order = vms.map((_, i) => i).sort((a, b) => domains[a]!.length - domains[b]!.length || a - b);
  const lived = new Set((problem.existing ?? []).map((vm) => vm.host));
  const at: (HostFile | undefined)[] = vms.map(() => undefined);
  const here = new Map<string, number>();
  const pipes = problem.app?.pipes ?? [];
  const rowOf = new Map(vms.map((vm, i) => [vm.name, i]));
  const hostOf = (name: string) => at[rowOf.get(name)!];
  let left = steps;
  let best: { at: HostFile[]; value: readonly number[] } | null = null;

  const counts = () => {
    const touched = [...here.keys()];
    const reserved = pipes.length === 0 ? 0 : reservedMbps(problem, hostOf);
    return [touched.filter((name) => !lived.has(name)).length, reserved, touched.length];
  };
  const place = (depth: number): void => {
    if (left-- <= 0 || (firstOnly && best !== null)) return;
    // Each of them only grows as more VMs are placed.
    const so = counts();
    if (best !== null && less(best.value.slice(0, so.length), so)) return;
    if (depth === order.length) {
      const value = [...so, ...rules.ends(at as HostFile[])];
      if (best === null || less(value, best.value)) best = { at: [...(at as HostFile[])], value };
      return;
    }
    const vm = order[depth]!;
    for (const host of domains[vm]!) {
      if (!rules.fits(vm, host, at)) continue;
      at[vm] = host;
      if (pipes.length > 0 && !linksHold(problem, hostOf)) {
        at[vm] = undefined;
        continue;
      }
      here.set(host.name, (here.get(host.name) ?? 0) + 1);
      place(depth + 1);
      const count = here.get(host.name)! - 1;
      if (count === 0) here.delete(host.name);
      else here.set(host.name, count);
      at[vm] = undefined;
    }
  };
  place(0);

  const found = best as { at: HostFile[] } | null;
  if (left < 0 && !(firstOnly && found !== null)) return { feasible: null };
  if (found === null) return { feasible: false };
  const placements = Object.fromEntries(vms.map((vm, i) => [vm.name, found.at[i]!.name]));
  const { hosts_activated, reserved_bw_mbps, hosts_touched, racks_touched, left_bp } = score(problem, placements);
  return {
    feasible: true,
    placements,
    objective: { hosts_activated, reserved_bw_mbps, hosts_touched, racks_touched, left_bp },
  };
}

function less(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! < b[at]!;
}

function containerOf(host: HostFile, level: Level): string | null {
  if (level === "host") return host.name;
  const name = host[level];
  return name && name !== "none" ? name : null;
}

class Rules {
  readonly vms: readonly VmFile[];
  readonly #problem: ProblemFile;
  readonly #app: App;
  readonly #hosts: ReadonlyMap<string, HostFile>;
  /** VM -> local disk with its volumes. */
  readonly #disk: number[];
  /** [a][b]: levels at which two VMs must be together, and apart. */
  readonly #together: Level[][][];
  readonly #apart: Level[][][];

  constructor(problem: ProblemFile) {
    this.#problem = problem;
    this.#app = problem.app ?? {};
    this.vms = this.#app.vms ?? [];
    this.#hosts = new Map(problem.hosts.map((host) => [host.name, host]));
    this.#disk = this.vms.map((vm) =>
      (this.#app.volumes ?? [])
        .filter((volume) => volume.local && volume.attached_to === vm.name)
        .reduce((sum, volume) => sum + (volume.size_gb ?? 0), vm.disk_gb),
    );
    this.#together = this.vms.map(() => this.vms.map(() => []));
    this.#apart = this.vms.map(() => this.vms.map(() => []));
    for (const { type, level, members } of this.#app.groups ?? []) {
      const sets = members.map((member) => this.#below(member));
      const all = new Set(sets.flatMap((set) => [...set]));
      for (let a = 0; a < this.vms.length; a++)
        for (let b = 0; b < this.vms.length; b++) {
          const [inA, inB] = [all.has(this.vms[a]!.name), all.has(this.vms[b]!.name)];
          if (type === "affinity" && inA && inB) this.#together[a]![b]!.push(level);
          if (type === "exclusivity" && inA !== inB) this.#apart[a]![b]!.push(level);
          if (type !== "diversity" || !inA || !inB || a === b) continue;
          const memberOf = (i: number) => members[sets.findIndex((set) => set.has(this.vms[i]!.name))];
          if (memberOf(a) !== memberOf(b)) this.#apart[a]![b]!.push(level);
        }
    }
  }

  /** Rules on one VM, whatever else is placed; capacity not among them. */
  allowsAlone(vm: VmFile, host: HostFile): boolean {
    if (host.status !== "up") return false;
    // Single-VM facts are read by the checker itself: a problem of this VM only.
    const alone = { ...this.#problem, existing: [], app: { vms: [vm] } };
    if (!score(alone, { [vm.name]: host.name }).valid) return false;
    const groups = (this.#app.groups ?? []).filter((group) => this.#below(group.name).has(vm.name));
    for (const group of groups) {
      const container = containerOf(host, group.level);
      if (container === null) return false;
      const key = `${group.level}:${SHORT[group.type]}:${group.name}`;
      const living = this.#existingIn((each) => each.status === "up").filter((each) => each.groups?.includes(key));
      const homes = new Set(living.map((each) => containerOf(this.#hosts.get(each.host)!, group.level)));
      if (group.type === "affinity" && homes.size > 0 && (homes.size > 1 || !homes.has(container))) return false;
      if (group.type === "diversity" && homes.has(container)) return false;
    }
    return LEVELS.every((level) => {
      const container = containerOf(host, level);
      if (container === null) return true;
      const own = groups.filter((group) => group.type === "exclusivity" && group.level === level);
      const keys = own.map((group) => `${level}:EX:${group.name}`).sort();
      return this.#existingIn((each) => containerOf(each, level) === container).every((each) => {
        const theirs = (each.groups ?? []).filter((key) => key.startsWith(`${level}:EX:`));
        return [...new Set(theirs)].sort().join() === keys.join();
      });
    });
  }

  /** Room on the host and peace with the VMs placed so far. */
  fits(vm: number, host: HostFile, at: readonly (HostFile | undefined)[]): boolean {
    for (const resource of RESOURCES) {
      let sum = (host.used?.[resource] ?? 0) + this.#need(vm, resource);
      for (let other = 0; other < at.length; other++) if (at[other] === host) sum += this.#need(other, resource);
      if (sum > host.capacity[resource]) return false;
    }
    for (let other = 0; other < at.length; other++) {
      const there = at[other];
      if (there === undefined) continue;
      for (const level of this.#together[vm]![other]!)
        if (containerOf(host, level) !== containerOf(there, level)) return false;
      for (const level of this.#apart[vm]![other]!) {
        const container = containerOf(host, level);
        if (container !== null && container === containerOf(there, level)) return false;
      }
    }
    return true;
  }

  /** The objective below the touched hosts: racks, what is left over, then host indexes. */
  ends(at: readonly HostFile[]): number[] {
    const touched = new Set(at);
    let left = 0;
    for (const host of touched)
      for (const resource of RESOURCES) {
        const capacity = host.capacity[resource];
        let free = capacity - (host.used?.[resource] ?? 0);
        for (let vm = 0; vm < at.length; vm++) if (at[vm] === host) free -= this.#need(vm, resource);
        if (capacity > 0) left += Math.floor((10_000 * free) / capacity);
      }
    return [new Set([...touched].map((host) => host.rack)).size, left];
  }

  #need(vm: number, resource: Key): number {
    return resource === "disk_gb" ? this.#disk[vm]! : this.vms[vm]![resource];
  }

  #existingIn(matches: (host: HostFile) => boolean): ExistingFile[] {
    return (this.#problem.existing ?? []).filter((vm) => matches(this.#hosts.get(vm.host)!));
  }

  #below(member: string): Set<string> {
    if (this.vms.some((vm) => vm.name === member)) return new Set([member]);
    const volume = this.#app.volumes?.find((each) => each.name === member);
    if (volume !== undefined) return new Set(volume.attached_to ? [volume.attached_to] : []);
    const group = this.#app.groups?.find((each) => each.name === member);
    return new Set((group?.members ?? []).flatMap((each) => [...this.#below(each)]));
  }
}
