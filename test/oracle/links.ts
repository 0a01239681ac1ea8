// Loads of NICs and uplinks, and what pipes reserve, written straight from the problem format.
import type { ProblemFile } from "../../host/core/problem-schema.ts";

type HostFile = ProblemFile["hosts"][number];
type Pipe = NonNullable<NonNullable<ProblemFile["app"]>["pipes"]>[number];

/** Pipes whose ends both stand, on different hosts. */
function crossing(pipes: readonly Pipe[], hostOf: (vm: string) => HostFile | undefined) {
  return pipes.flatMap(({ a, b, mbps }) => {
    const [from, to] = [hostOf(a), hostOf(b)];
    if (from === undefined || to === undefined || from === to) return [];
    return [{ from, to, mbps, far: (from.rack ?? null) !== (to.rack ?? null) }];
  });
}

/** Mbit/s times links crossed. */
export function reservedMbps(problem: ProblemFile, hostOf: (vm: string) => HostFile | undefined): number {
  return crossing(problem.app?.pipes ?? [], hostOf).reduce((sum, { mbps, far }) => sum + mbps * (far ? 4 : 2), 0);
}

/** No link that a pipe loads is above its capacity. */
export function linksHold(problem: ProblemFile, hostOf: (vm: string) => HostFile | undefined): boolean {
  const nics = new Map<HostFile, number>();
  const uplinks = new Map<string, number>();
  for (const { from, to, mbps, far } of crossing(problem.app?.pipes ?? [], hostOf)) {
    for (const host of [from, to]) {
      nics.set(host, (nics.get(host) ?? 0) + mbps);
      if (far && host.rack) uplinks.set(host.rack, (uplinks.get(host.rack) ?? 0) + mbps);
    }
  }
  for (const [{ bw_mbps: most, bw_used_mbps: used }, load] of nics)
    if (most != null && (used ?? 0) + load > most) return false;
  for (const { name, uplink_mbps: most, uplink_used_mbps: used } of problem.racks ?? [])
    if (uplinks.has(name) && most != null && (used ?? 0) + uplinks.get(name)! > most) return false;
  return true;
}
