// How few hosts could hold what runs, whatever the plan: a bound by volume, per resource.

import type { Host, Resources } from "../core/model.ts";

const OF = [
  (amount: Resources) => amount.vcpus,
  (amount: Resources) => amount.ramMiB,
  (amount: Resources) => amount.diskGiB,
];

/**
 * Hosts that ran something before the trace are in use whatever happens and lend what they have free; for each
 * resource the rest of the demand needs at least as many others as the roomiest of them take to sum up to it.
 */
export class LeastHosts {
  readonly #occupied: number;
  /** Per resource: free on the occupied hosts, and sums over the others from the roomiest on. */
  readonly #lent: number[] = [];
  readonly #sums: Float64Array[] = [];

  constructor(hosts: Iterable<Host>, occupied: ReadonlySet<string>) {
    const all = [...hosts];
    this.#occupied = all.filter((host) => occupied.has(host.name)).length;
    for (const of of OF) {
      const free = (host: Host) => (host.up ? Math.max(0, of(host.capacity) - of(host.used)) : 0);
      const inUse = all.filter((host) => occupied.has(host.name));
      this.#lent.push(inUse.reduce((sum, host) => sum + free(host), 0));
      const others = all.filter((host) => !occupied.has(host.name)).map(free);
      const sums = Float64Array.from(others.sort((a, b) => b - a));
      for (let i = 1; i < sums.length; i++) sums[i]! += sums[i - 1]!;
      this.#sums.push(sums);
    }
  }

  /** For what the VMs of the trace take together. */
  for(demand: Resources): number {
    let others = 0;
    for (const [i, of] of OF.entries()) {
      const rest = of(demand) - this.#lent[i]!;
      if (rest > 0) others = Math.max(others, 1 + firstAtLeast(this.#sums[i]!, rest));
    }
    return this.#occupied + others;
  }
}

/** Index of the first that is not less than `value`; `sums` ascend. */
function firstAtLeast(sums: Float64Array, value: number): number {
  let [low, high] = [0, sums.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
