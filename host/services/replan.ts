// Planning parts of a plan again: who may move.
import type { PlacementRow } from "../../db/queries/plans.ts";
import type { Inventory } from "../core/inventory.ts";
import type { Application, Pipe, Vm } from "../core/model.ts";
import { onlyVms, vmsBelow } from "./below.ts";
import { type Holding, heldId } from "./holdings.ts";
import type { Problem } from "./planner.ts";

/** The parts of the inventory that matter here. */
type Living = Pick<Inventory, "hostState" | "pipesOf">;

/** A plan as it stands. */
export interface Standing {
  readonly application: Application;
  /** Of VMs of the application. */
  readonly placements: readonly PlacementRow[];
  /** What the placements hold, by their ids. */
  readonly holdings: ReadonlyMap<string, Holding>;
  readonly inventory: Living;
}

/**
 * The problem of finding hosts for the placements in `wanted` (placement id -> what is asked of its VM, from the VM as the
 * application has it) and for those that may move with them; all others stay where they are.
 *
 * Who stays is checked against the rules with the others, except where that could only fail through no fault of theirs:
 * a VM on a host that is down, or one in no group at all, is left where it is and out of the problem. Its capacity stays
 * taken, and pipes between it and those of the problem are pipes to a living VM; so are those to a server that was built
 * and whose placement is gone. A placement that holds nothing is no part of it unless it is wanted.
 */
export function replanProblem(
  { application, placements, holdings, inventory }: Standing,
  wanted: ReadonlyMap<string, (vm: Vm) => Vm>,
  mayMove: (row: PlacementRow) => boolean,
): Problem {
  const isUp = (host: string) => inventory.hostState(host)?.host.up ?? false;
  const placed = new Map(placements.map((row) => [row.orchestrationId, row]));
  const grouped = groupedVms(application);
  const stays = (row: PlacementRow) => !wanted.has(row.id) && !mayMove(row);
  const inProblem = placements.filter((row) => {
    if (wanted.has(row.id)) return true;
    if (!holdings.has(row.id)) return false;
    return !stays(row) || (isUp(row.location) && grouped.has(row.orchestrationId));
  });
  const part = onlyVms(application, new Set(inProblem.map(({ orchestrationId }) => orchestrationId)));
  const vms = part.vms.map((vm): Vm => {
    const row = placed.get(vm.name)!;
    const asked = wanted.get(row.id);
    if (asked !== undefined) return asked(vm);
    const asHeld = { ...vm, ...sizeOf(holdings.get(row.id)!) };
    return stays(row) ? { ...unbound(asHeld), fixed: row.location } : asHeld;
  });
  const pipes = [...(part.pipes ?? []), ...pipesOut(inProblem, inventory)];
  const beside = inProblem.flatMap(({ id, resourceId }) =>
    wanted.has(id) && resourceId !== null ? [heldId(resourceId)] : [],
  );
  return { application: { ...part, vms, pipes }, without: [...inProblem.map(({ id }) => id), ...beside] };
}

/** Planned, but neither reserved nor built: nobody minds if it moves. */
export function isLoose({ reserved, resourceId }: PlacementRow): boolean {
  return !reserved && resourceId === null;
}

/** Candidates of the first request no longer count for who has been offered other hosts, or stays. */
export function unbound({ candidates: _candidates, excluded: _excluded, fixed: _fixed, ...vm }: Vm): Vm {
  return vm;
}

/** The VMs that affinity of `levels` ties to this one, and itself. */
export function tiedTo(application: Application, vm: string, levels: readonly string[]): Set<string> {
  const below = vmsBelow(application);
  const groups = application.groups
    .filter(({ type, level }) => type === "affinity" && levels.includes(level))
    .map(({ name }) => below(name));
  const tied = new Set([vm]);
  for (let before = 0; before < tied.size; ) {
    before = tied.size;
    for (const group of groups) if ([...group].some((name) => tied.has(name))) for (const name of group) tied.add(name);
  }
  return tied;
}

/** Each problem as it is, and where it has soft groups once more without them. */
export function softly(problems: readonly Problem[]): Problem[] {
  return problems.flatMap((problem) => {
    const { application } = problem;
    const groups = application.groups.filter(({ soft }) => !soft);
    return groups.length < application.groups.length
      ? [problem, { ...problem, application: { ...application, groups } }]
      : [problem];
  });
}

function sizeOf({ vcpus, ramMiB, diskGiB }: Holding): Pick<Vm, "vcpus" | "ramMiB" | "diskGiB"> {
  return { vcpus, ramMiB, diskGiB };
}

/** Pipes from VMs of the problem to those that live outside of it. */
function pipesOut(inProblem: readonly PlacementRow[], inventory: Living): Pipe[] {
  const inside = new Set(inProblem.map(({ id }) => id));
  return inProblem.flatMap(({ id, orchestrationId }) =>
    [...inventory.pipesOf(id)]
      .filter(({ peer }) => !inside.has(peer))
      .map(({ peer, kbps }): Pipe => ({ a: orchestrationId, b: peer, kbps, living: true })),
  );
}

function groupedVms(application: Application): Set<string> {
  const below = vmsBelow(application);
  return new Set(application.groups.flatMap(({ name }) => [...below(name)]));
}
