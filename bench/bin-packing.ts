// Bin packing problems whose optimum is known, because they are made backwards: hosts are filled to the last unit and
// then taken apart. The sum of the VMs is exactly the capacity of `optimum` hosts, so fewer cannot hold them.

import type { ProblemFile } from "../host/core/problem-schema.ts";
import { Random } from "../test/support/random.ts";

export interface BinPackingOptions {
  /**
   * cut: each full host falls into 2 to 6 VMs at random places. cut-few: into 2 to 4, which leaves far fewer ways to fill a
   * host. triplets: into 3, each a quarter to a half of the host in the first resource (Falkenauer 1996): hardly any host
   * can hold four of them, and two mostly leave a gap.
   */
  readonly kind: "cut" | "cut-few" | "triplets";
  /**
   * 1: RAM, the others are not needed. 3: vCPU, RAM and disk, cut apart independently of each other, so that the VMs of a
   * host are mostly the only ones that fill it: a search has to find just these.
   */
  readonly resources: 1 | 3;
  /** VMs: at least 2 (cut), or rounded down to a multiple of 3 (triplets). */
  readonly items: number;
  readonly seed: number;
}

export interface BinPackingProblem {
  /** Equal, empty hosts in racks of 16, a tenth of them (at least 2) more than needed. VMs in random order, no rules. */
  readonly problem: ProblemFile;
  /** Fewest hosts that hold the VMs. */
  readonly optimum: number;
  /** An answer that needs no more. */
  readonly planted: Readonly<Record<string, string>>;
}

/** A resource of the hosts: what is cut are steps, of this many units each. RAM in GiB is as fine as the literature's 1,000. */
interface Resource {
  readonly field: "mem_mb" | "vcpus" | "disk_gb";
  readonly steps: number;
  readonly unit: number;
}

const RESOURCES: readonly Resource[] = [
  { field: "mem_mb", steps: 1024, unit: 1024 },
  { field: "vcpus", steps: 128, unit: 1 },
  { field: "disk_gb", steps: 400, unit: 10 },
];
/** VMs of a host, fewest and most. */
const PARTS = { cut: [2, 6], "cut-few": [2, 4] } as const;
const RACK_HOSTS = 16;

export function binPacking({ kind, resources, items, seed }: BinPackingOptions): BinPackingProblem {
  const random = new Random(seed);
  const sizes =
    kind === "triplets" ? Array<number>(Math.floor(items / 3)).fill(3) : partsOf(items, PARTS[kind], random);
  const used = RESOURCES.slice(0, resources);
  const vms = sizes.flatMap((count, host) => {
    const parts = used.map(({ steps }, i) =>
      kind === "triplets" && i === 0 ? triplet(steps, random) : cut(steps, count, random),
    );
    return Array.from({ length: count }, (_, vm) => {
      const need = { vcpus: 0, mem_mb: 0, disk_gb: 0 };
      for (const [i, { field, unit }] of used.entries()) need[field] = parts[i]![vm]! * unit;
      return { need, host: `h${host}` };
    });
  });
  const capacity = { vcpus: 128, mem_mb: 1024 * 1024, disk_gb: 4000 };
  const optimum = sizes.length;
  const hosts = optimum + Math.max(2, Math.ceil(optimum / 10));
  const planted: Record<string, string> = {};
  const app = random.shuffled(vms).map(({ need, host }, i) => {
    planted[`vm${i}`] = host;
    return { name: `vm${i}`, ...need };
  });
  return {
    problem: {
      format: "placement-problem/1",
      name: `bins-${kind}-${resources}r-${items}-s${seed}`,
      hosts: Array.from({ length: hosts }, (_, h) => ({
        name: `h${h}`,
        rack: `r${Math.floor(h / RACK_HOSTS)}`,
        status: "up" as const,
        capacity,
      })),
      app: { name: "bins", vms: app },
    },
    optimum,
    planted,
  };
}

/** Numbers of VMs per host, `fewest` (2) to `most` each, that sum up to `items`. */
function partsOf(items: number, [fewest, most]: readonly [number, number], random: Random): number[] {
  const parts: number[] = [];
  for (let left = items; left > 0; left -= parts.at(-1)!) {
    // Never leaves a single one over.
    const count = left <= most ? left : Math.min(random.between(fewest, most), left - fewest);
    parts.push(count);
  }
  return parts;
}

/** `steps` cut at different random places into `count` parts, none of them empty. */
function cut(steps: number, count: number, random: Random): number[] {
  const places = new Set([0, steps]);
  while (places.size <= count) places.add(random.between(1, steps - 1));
  const sorted = [...places].sort((a, b) => a - b);
  return sorted.slice(1).map((place, i) => place - sorted[i]!);
}

/** Three parts of a quarter to a half each. */
function triplet(steps: number, random: Random): number[] {
  for (;;) {
    const a = random.between(Math.ceil(steps / 4), Math.floor(steps / 2));
    const b = random.between(Math.ceil(steps / 4), Math.floor(steps / 2));
    const c = steps - a - b;
    if (c >= steps / 4 && c <= steps / 2) return [a, b, c];
  }
}
