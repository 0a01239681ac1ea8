// Applications with pipes around a plan that is known.
import type { ProblemFile } from "../../host/core/problem-schema.ts";
import { Random } from "./random.ts";

const VM = { mem_mb: 1_024, disk_gb: 10, az: null, extra_specs: {} };

/** Hosts of 16 vCPUs that run something, `perRack` in a rack. */
function hostsOf(count: number, perRack: number): ProblemFile["hosts"] {
  return Array.from({ length: count }, (_, i) => ({
    name: `h${i}`,
    rack: `r${Math.floor(i / perRack)}`,
    cluster: null,
    az: null,
    aggregates: [],
    status: "up" as const,
    capacity: { vcpus: 16, mem_mb: 65_536, disk_gb: 1_000 },
    used: { vcpus: 0, mem_mb: 0, disk_gb: 0 },
  }));
}

function problemOf(name: string, hosts: ProblemFile["hosts"], vcpus: readonly number[]) {
  return {
    format: "placement-problem/1" as const,
    name,
    hosts,
    existing: hosts.map((host) => ({ id: `on ${host.name}`, host: host.name, groups: [] })),
    app: {
      name,
      vms: vcpus.map((count, i) => ({ ...VM, name: `v${i}`, vcpus: count })),
      groups: [],
      pipes: [] as { a: string; b: string; mbps: number }[],
    },
  } satisfies ProblemFile;
}

/**
 * `count` cliques of four VMs, each of which fills a host, in as many hosts, four in a rack. Every two VMs of a clique are
 * joined with 1,000 Mbit/s, and each clique with the next one, round a ring, with 10. Best is a host for each clique and
 * a rack for four neighbours: then a quarter of the ring's pipes crosses four links, the others two.
 */
export function cliques(count: number, seed: number): { problem: ProblemFile; bestMbps: number } {
  const random = new Random(seed);
  const problem = problemOf(`cliques-${count}-${seed}`, hostsOf(count, 4), Array(4 * count).fill(4));
  const order = random.shuffled(problem.app.vms.map(({ name }) => name));
  const { pipes } = problem.app;
  for (let clique = 0; clique < count; clique++) {
    const members = order.slice(4 * clique, 4 * clique + 4);
    for (const [i, a] of members.entries()) for (const b of members.slice(0, i)) pipes.push({ a, b, mbps: 1_000 });
    pipes.push({ a: members[0]!, b: order[(4 * clique + 5) % order.length]!, mbps: 10 });
  }
  return { problem, bestMbps: 10 * ((count / 4) * 4 + ((count * 3) / 4) * 2) };
}

/**
 * Hosts filled to four fifths, pipes mostly between neighbours, and links of which this plan uses all but a tenth at
 * most.
 */
export function tightLinks(hostCount: number, seed: number): ProblemFile {
  const random = new Random(seed);
  const hosts = hostsOf(hostCount, 8);
  const vcpus: number[] = [];
  const home: number[] = [];
  for (let host = 0; host < hostCount; host++) {
    for (let left = 13; left > 0; ) {
      const size = Math.min(left, random.pick([1, 2, 4, 8]));
      vcpus.push(size);
      home.push(host);
      left -= size;
    }
  }
  const problem = problemOf(`links-${hostCount}-${seed}`, hosts, vcpus);
  const nic = new Array<number>(hostCount).fill(0);
  const uplink = new Array<number>(Math.ceil(hostCount / 8)).fill(0);
  for (let i = 0; i < 2 * vcpus.length; i++) {
    const a = random.between(0, vcpus.length - 1);
    const b = random.chance(0.8) ? (a + random.between(1, 6)) % vcpus.length : random.between(0, vcpus.length - 1);
    if (a === b) continue;
    const mbps = random.pick([100, 200, 500, 1_000]);
    problem.app.pipes.push({ a: `v${a}`, b: `v${b}`, mbps });
    const [from, to] = [home[a]!, home[b]!];
    if (from === to) continue;
    for (const host of [from, to]) {
      nic[host]! += mbps;
      if (from >> 3 !== to >> 3) uplink[host >> 3]! += mbps;
    }
  }
  const looser = (mbps: number) => Math.ceil(mbps / (0.9 + random.between(0, 10) / 100));
  return {
    ...problem,
    hosts: hosts.map((host, i) => ({ ...host, bw_mbps: looser(nic[i]!), bw_used_mbps: 0 })),
    racks: uplink.map((mbps, i) => ({ name: `r${i}`, uplink_mbps: looser(mbps), uplink_used_mbps: 0 })),
  };
}
