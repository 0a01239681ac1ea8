// Planning one placement of a plan again: who may move.
import type { PlacementRow } from "../../db/queries/plans.ts";
import type { Inventory } from "../core/inventory.ts";
import type { Application, Pipe, Vm } from "../core/model.ts";
import { onlyVms, vmsBelow } from "./below.ts";
import type { Problem } from "./planner.ts";

/** The parts of the inventory that matter here. */
type Living = Pick<Inventory, "hostState" | "pipesOf">;

/**
 * The problems to try, in order. The target may go to `locations` only. What is reserved or built stays where it is;
 * what is neither stays in the first problem and may move in the second.
 *
 * Who stays is checked against the rules with the others, except where that could only fail through no fault of the
 * target: a VM on a host that is down, or one in no group at all, is left where it is and out of the problem. Its
 * capacity stays taken, and pipes between it and those of the problem are pipes to a living VM; so are those to a server
 * that was built and whose placement is gone.
 */
export function replanProblems(
  application: Application,
  placements: readonly PlacementRow[],
  target: PlacementRow,
  locations: readonly string[],
  inventory: Living,
): Problem[] {
  const isUp = (host: string) => inventory.hostState(host)?.host.up ?? false;
  const placed = new Map(placements.map((row) => [row.orchestrationId, row]));
  const grouped = groupedVms(application);
  const problem = (mayMove: (row: PlacementRow) => boolean): Problem => {
    const stays = (row: PlacementRow) => row.id !== target.id && !mayMove(row);
    const inProblem = placements.filter(
      (row) => !stays(row) || (isUp(row.location) && grouped.has(row.orchestrationId)),
    );
    const part = onlyVms(application, new Set(inProblem.map(({ orchestrationId }) => orchestrationId)));
    const vms = part.vms.map((vm): Vm => {
      const row = placed.get(vm.name)!;
      if (row.id === target.id) return { ...unbound(vm), candidates: locations };
      return stays(row) ? { ...unbound(vm), fixed: row.location } : vm;
    });
    const pipes = [...(part.pipes ?? []), ...pipesOut(inProblem, inventory)];
    return { application: { ...part, vms, pipes }, without: inProblem.map(({ id }) => id) };
  };
  const isLoose = (row: PlacementRow) => row.id !== target.id && !row.reserved && row.resourceId === null;
  const careful = problem(() => false);
  return placements.some(isLoose) ? [careful, problem(isLoose)] : [careful];
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

/** Candidates of the first request no longer count for who has been offered other hosts, or stays. */
function unbound({ candidates: _candidates, excluded: _excluded, fixed: _fixed, ...vm }: Vm): Vm {
  return vm;
}

function groupedVms(application: Application): Set<string> {
  const below = vmsBelow(application);
  return new Set(application.groups.flatMap(({ name }) => [...below(name)]));
}
