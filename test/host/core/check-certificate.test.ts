// Certificates of random problems that brute force finds impossible, and what must not pass for one.
import { describe, expect, it } from "vitest";
import { checkCertificate } from "../../../host/core/check-certificate.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application, Certificate, DataCenter, Impossible } from "../../../host/core/model.ts";
import { parseProblem } from "../../../host/core/problem.ts";
import { LocalSolver } from "../../../host/core/solver.ts";
import { bruteForce } from "../../oracle/brute-force.ts";
import { propertySeed } from "../../support/property-seed.ts";
import { Random } from "../../support/random.ts";
import { type RandomProblem, randomProblem } from "../../support/random-problem.ts";

const solver = new LocalSolver();

/** Impossible problems that this many seeds give, each with the problem it was made of, which is possible. */
const WANTED = 500;

interface Impossibility {
  readonly seed: number;
  readonly dataCenter: DataCenter;
  readonly application: Application;
  readonly possible: DataCenter;
  readonly certificate: Certificate | null;
}

function opened(problem: RandomProblem["problem"]): { dataCenter: DataCenter; application: Application } {
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  return { dataCenter, application: application! };
}

/** Takes room away, a little at a time, until the last plan is gone. */
function tightened(seed: number): Impossibility | null {
  const { problem } = randomProblem(seed, { hosts: 8, vms: 8 });
  // The complete search knows no bandwidth.
  problem.app.pipes = [];
  if (problem.app.vms.length < 3 || bruteForce(problem, 20_000, true).feasible !== true) return null;
  const random = new Random(seed);
  for (let round = 0; round < 12; round++) {
    const { dataCenter: possible } = opened(problem);
    const host = random.pick(problem.hosts);
    const resource = random.pick(["vcpus", "mem_mb", "disk_gb"] as const);
    const step = { vcpus: 1, mem_mb: 512, disk_gb: 10 }[resource];
    host.capacity = { ...host.capacity, [resource]: Math.max(0, host.capacity[resource]! - step) };
    if (bruteForce(problem, 20_000, true).feasible !== false) continue;
    const { dataCenter, application } = opened(problem);
    const answer = solver.solveNow(new Inventory(dataCenter), application);
    if (answer.ok) throw new Error(`problem ${seed} has no answer, but was given one`);
    return { seed, dataCenter, application, possible, certificate: answer.certificate };
  }
  return null;
}

const found: Impossibility[] = [];
for (let seed = propertySeed; found.length < WANTED; seed++) {
  const next = tightened(seed);
  if (next !== null) found.push(next);
}

function kindOf(node: Impossible): string {
  return Object.keys(node)[0]!;
}

function check({ dataCenter, application }: Impossibility, impossible: Impossible): string | null {
  return checkCertificate(dataCenter, application, { format: "placement-certificate/1", impossible });
}

/** Certificates whose root is of this kind. */
function rooted<Kind extends string>(kind: Kind) {
  return found.flatMap((each) => {
    const root = each.certificate!.impossible;
    return kind in root ? [{ each, root: root as Extract<Impossible, Record<Kind, unknown>> }] : [];
  });
}

describe(`on ${WANTED} impossible problems`, () => {
  it("every refusal is proven, by a certificate that holds", () => {
    const kinds = new Map<string, number>();
    for (const each of found) {
      expect({ seed: each.seed, proven: each.certificate !== null }).toEqual({ seed: each.seed, proven: true });
      expect({ seed: each.seed, wrong: check(each, each.certificate!.impossible) }).toEqual({
        seed: each.seed,
        wrong: null,
      });
      const kind = kindOf(each.certificate!.impossible);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    console.log(`certificates: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
    expect(kinds.size).toBe(4);
  });

  it("no certificate holds for the problem as it was before its last plan was taken away", () => {
    for (const { seed, possible, application, certificate } of found)
      expect(`${seed} ${checkCertificate(possible, application, certificate!)}`).not.toBe(`${seed} null`);
  });

  it("a case cannot be left out, nor be of another host", () => {
    const branches = rooted("branch");
    expect(branches.length).toBeGreaterThan(20);
    for (const { each, root } of branches) {
      for (let i = 0; i < root.cases.length; i++) {
        expect(check(each, { ...root, cases: root.cases.toSpliced(i, 1) })).toMatch(/missing|no host/);
        const elsewhere = { ...root.cases[i]!, host: "elsewhere" };
        expect(check(each, { ...root, cases: root.cases.with(i, elsewhere) })).toMatch(/missing|no host/);
      }
    }
  });

  it("a case stands for no host that differs", () => {
    let tried = 0;
    for (const { each, root } of rooted("branch")) {
      const { hosts } = each.dataCenter;
      for (const [i, one] of root.cases.entries()) {
        const { rack } = hosts.find(({ name }) => name === one.host)!;
        const other = hosts.find((host) => host.rack !== rack);
        if (other === undefined) continue;
        tried++;
        const cases = root.cases.with(i, { ...one, alike: [...(one.alike ?? []), other.name] });
        expect(check(each, { ...root, cases })).toMatch(/not alike/);
      }
    }
    expect(tried).toBeGreaterThan(10);
  });

  it("weights that do not show the want show nothing", () => {
    const crowds = rooted("crowded");
    expect(crowds.length).toBeGreaterThan(20);
    for (const { each, root } of crowds) {
      const nothing = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
      expect(check(each, { ...root, weights: nothing })).toMatch(/need 0 and have 0/);
      expect(check(each, { ...root, weights: { ...root.weights, vcpus: -1 } })).toMatch(/no whole number/);
      expect(check(each, { ...root, crowded: [root.crowded[0]!, root.crowded[0]!] })).toMatch(/twice/);
      expect(check(each, { ...root, crowded: [] })).toMatch(/need 0 and have 0/);
    }
  });

  it("VMs that may share a container are not apart", () => {
    const pigeonholes = rooted("apart");
    expect(pigeonholes.length).toBeGreaterThan(3);
    for (const { each, root } of pigeonholes) {
      expect(check(each, { ...root, apart: [] })).not.toBeNull();
      expect(check(each, { ...root, apart: [...root.apart, root.apart[0]!] })).toMatch(/twice/);
      const free = each.application.vms.find(
        ({ name }) =>
          !root.apart.includes(name) && !each.application.groups.some(({ members }) => members.includes(name)),
      );
      if (free !== undefined) expect(check(each, { ...root, apart: [...root.apart, free.name] })).toMatch(/may share/);
    }
  });

  it("a VM that some host can take is not said to have none", () => {
    for (const each of found) {
      if (kindOf(each.certificate!.impossible) === "nowhere") continue;
      const open = each.application.vms.filter(({ name }) => check(each, { nowhere: name }) !== null);
      expect(open.length).toBeGreaterThan(0);
      expect(check(each, { nowhere: open[0]!.name })).toMatch(/can take/);
    }
  });
});

it("a problem that has an answer is never refused as proven, with pipes and without", () => {
  let refused = 0;
  for (let seed = propertySeed; seed < propertySeed + 1500; seed++) {
    const { problem, disturbed } = randomProblem(seed);
    if (disturbed) continue;
    const { dataCenter, application } = opened(problem);
    const answer = solver.solveNow(new Inventory(dataCenter), application);
    if (answer.ok) continue;
    refused++;
    expect({ seed, proven: answer.proven, certificate: answer.certificate }).toEqual({
      seed,
      proven: false,
      certificate: null,
    });
    expect(answer.reason).toMatch(/; gave up within the budget or deadline$/);
  }
  expect(refused).toBeLessThan(5);
});

it("more VMs than all hosts together hold are refused with proof at once, however many they are", () => {
  const capacity = { vcpus: 64, mem_mb: 262_144, disk_gb: 2000 };
  const hosts = Array.from({ length: 10 }, (_, i) => ({ name: `h${i}`, rack: "r0", status: "up", capacity }));
  const vms = Array.from({ length: 5000 }, (_, i) => ({
    name: `vm${i}`,
    vcpus: 1 + (i % 4),
    mem_mb: 2048,
    disk_gb: 0,
  }));
  const file = { format: "placement-problem/1", hosts, app: { name: "many", vms } };
  const { dataCenter, application } = parseProblem(JSON.stringify(file), "many");
  const answer = solver.solveNow(new Inventory(dataCenter), application!, { budget: 0 });
  expect({ ok: answer.ok, proven: !answer.ok && answer.proven }).toEqual({ ok: false, proven: true });
  expect(answer.stats.attempts).toBeLessThan(3 * vms.length);
  if (!answer.ok) expect(checkCertificate(dataCenter, application!, answer.certificate!)).toBeNull();
});
