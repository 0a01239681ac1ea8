// Checks that a certificate proves a problem impossible, from the problem and the certificate alone: written from the
// problem format, sharing no code with the core, with what encodes requests or with what wrote the certificate. It knows
// what each kind of leaf claims and when two hosts or VMs are in nothing different; all else it looks up in the problem.

import { CheckedProblem, containerOf, type Unit } from "./checked-problem.ts";
import type { Application, Certificate, DataCenter, Host, Impossible } from "./model.ts";

/** Null when the certificate holds, else what is wrong with it. */
export function checkCertificate(
  dataCenter: DataCenter,
  application: Application,
  certificate: Certificate,
): string | null {
  if (certificate.format !== "placement-certificate/1") return "its format is not placement-certificate/1";
  return new Checker(new CheckedProblem(dataCenter, application)).wrong(certificate.impossible, 0);
}

/** Sums of needs larger than this are not searched for what can be filled. */
const MOST_SUM = 8192;
const DEEPEST = 10_000;

class Checker {
  readonly #problem: CheckedProblem;
  /** "unit host": refuted by an earlier case. */
  readonly #barred = new Set<string>();

  constructor(problem: CheckedProblem) {
    this.#problem = problem;
  }

  wrong(node: Impossible, depth: number): string | null {
    if (depth > DEEPEST) return "it is too deep";
    if ("nowhere" in node) return this.#wrongNowhere(node);
    if ("crowded" in node) return this.#wrongCrowd(node);
    if ("apart" in node) return this.#wrongApart(node);
    if ("branch" in node) return this.#wrongBranch(node, depth);
    return "a part of it is of no known kind";
  }

  /** Hosts that the unit may use as things are. */
  #open(unit: Unit): Host[] {
    return this.#problem.hosts.filter((host) => this.#mayUse(unit, host));
  }

  #mayUse(unit: Unit, host: Host): boolean {
    return !this.#barred.has(pair(unit, host)) && this.#problem.refusal(unit, host) === null;
  }

  #waiting(names: readonly string[]): Unit[] | string {
    const units = new Set<Unit>();
    for (const name of names) {
      const unit = this.#problem.unitOf(name);
      if (unit === undefined) return `there is no VM (${name})`;
      if (this.#problem.stands(unit)) return `VM (${name}) has a host already`;
      if (units.has(unit)) return `VM (${name}) is counted twice`;
      units.add(unit);
    }
    return [...units];
  }

  #wrongNowhere({ nowhere }: { nowhere: string }): string | null {
    const units = this.#waiting([nowhere]);
    if (typeof units === "string") return units;
    const [host] = this.#open(units[0]!);
    return host === undefined ? null : `host (${host.name}) can take VM (${nowhere})`;
  }

  #wrongCrowd({ crowded, weights, steps }: Extract<Impossible, { crowded: unknown }>): string | null {
    const units = this.#waiting(crowded);
    if (typeof units === "string") return units;
    const factors = [weights.vcpus, weights.ramMiB, weights.diskGiB];
    const sizes = [steps.vcpus, steps.ramMiB, steps.diskGiB];
    if (!factors.every((factor) => Number.isSafeInteger(factor) && factor >= 0)) return "a weight is no whole number";
    if (!sizes.every((size) => Number.isSafeInteger(size) && size > 0)) return "a step is no whole number above 0";
    const rooms = factors.map((factor, r) => {
      if (factor === 0) return () => 0;
      const needs = units.map(({ need }) => need[r]! / sizes[r]!);
      return needs.every(Number.isInteger) ? filling(needs) : null;
    });
    if (rooms.includes(null)) return "a need is no multiple of its step";
    const weigh = (amount: (r: number) => number) =>
      factors.reduce((sum, factor, r) => sum + BigInt(factor) * BigInt(factor === 0 ? 0 : amount(r)), 0n);
    const needed = units.reduce((sum, { need }) => sum + weigh((r) => need[r]! / sizes[r]!), 0n);
    let room = 0n;
    for (const host of this.#problem.hosts) {
      if (!units.some((unit) => this.#mayUse(unit, host))) continue;
      const free = this.#problem.free(host);
      room += weigh((r) => rooms[r]!(Math.floor(Math.max(0, free[r]!) / sizes[r]!)));
    }
    return needed > room ? null : `VMs (${some(crowded)}) need ${needed} and have ${room}`;
  }

  #wrongApart({ apart, level }: Extract<Impossible, { apart: unknown }>): string | null {
    const units = this.#waiting(apart);
    if (typeof units === "string") return units;
    for (const [i, a] of units.entries())
      for (const [j, b] of units.slice(0, i).entries())
        if (!this.#problem.keptApart(a, b, level)) return `VMs (${apart[i]}) and (${apart[j]}) may share a ${level}`;
    const containers = new Set<string>();
    for (const host of this.#problem.hosts) {
      if (!units.some((unit) => this.#mayUse(unit, host))) continue;
      const container = containerOf(host, level);
      if (container === null) return `host (${host.name}) has no ${level}`;
      containers.add(container);
    }
    return containers.size < units.length ? null : `VMs (${some(apart)}) have ${containers.size} of level ${level}`;
  }

  #wrongBranch({ branch, cases }: Extract<Impossible, { branch: unknown }>, depth: number): string | null {
    const units = this.#waiting([branch]);
    if (typeof units === "string") return units;
    const unit = units[0]!;
    const covered = new Set(cases.flatMap(({ host, alike }) => [host, ...(alike ?? [])]));
    const missed = this.#open(unit).find(({ name }) => !covered.has(name));
    if (missed !== undefined) return `the case of VM (${branch}) on host (${missed.name}) is missing`;
    const twins = this.#problem.units.filter((other) => this.#unlike(unit, other) === false);
    const added: string[] = [];
    let wrong: string | null = null;
    for (const { host: name, alike = [], because } of cases) {
      const host = this.#problem.host(name);
      if (host === undefined) wrong = `there is no host (${name})`;
      else wrong = this.#wrongAlike(host, alike);
      if (wrong !== null) break;
      this.#problem.place(unit, host!);
      wrong = this.wrong(because, depth + 1);
      this.#problem.remove(unit);
      if (wrong !== null) break;
      for (const twin of twins)
        for (const refuted of [name, ...alike]) {
          const key = pair(twin, this.#problem.host(refuted)!);
          if (this.#barred.has(key)) continue;
          this.#barred.add(key);
          added.push(key);
        }
    }
    for (const key of added) this.#barred.delete(key);
    return wrong;
  }

  /** Two units that can change places: equal in the problem, both waiting, and barred from the same hosts. */
  #unlike(unit: Unit, other: Unit): boolean {
    if (other === unit) return false;
    if (this.#problem.stands(other) || !this.#problem.exchangeable(unit, other)) return true;
    return this.#problem.hosts.some(
      (host) => this.#barred.has(pair(unit, host)) !== this.#barred.has(pair(other, host)),
    );
  }

  #wrongAlike(host: Host, names: readonly string[]): string | null {
    for (const name of names) {
      const other = this.#problem.host(name);
      if (other === undefined) return `there is no host (${name})`;
      const alike =
        this.#problem.alike(host, other) &&
        this.#problem.units.every((unit) => this.#barred.has(pair(unit, host)) === this.#barred.has(pair(unit, other)));
      if (!alike) return `hosts (${host.name}) and (${name}) are not alike`;
    }
    return null;
  }
}

function pair(unit: Unit, host: Host): string {
  return `${unit.vms[0]} ${host.name}`;
}

function some(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 4).join(", ")}, …` : names.join(", ");
}

/** How much of some room these amounts can fill: the largest sum of some of them that is not more. */
function filling(amounts: readonly number[]): (room: number) => number {
  const sum = amounts.reduce((total, amount) => total + amount, 0);
  if (sum > MOST_SUM) return (room) => Math.min(room, sum);
  const reached = new Uint8Array(sum + 1);
  reached[0] = 1;
  for (const amount of amounts) for (let at = sum; at >= amount; at--) if (reached[at - amount]) reached[at] = 1;
  return (room) => {
    let at = Math.min(room, sum);
    while (!reached[at]) at--;
    return at;
  };
}
