// What the servers of a plan hold in the data center.
import type { AllocationRow } from "../../db/queries/inventory.ts";
import type { PlacementRow } from "../../db/queries/plans.ts";
import type { Application } from "../core/model.ts";
import { groupKeysOf } from "./below.ts";

/** An allocation before it is committed. */
export type Holding = Omit<AllocationRow, "generation">;

type Place = Pick<PlacementRow, "id" | "orchestrationId" | "location" | "resourceId">;

/**
 * What each placement holds, in their order; all are VMs of the application.
 * @param all placements that pipes may lead to
 * @param now ms since 1970
 */
export function holdingsOf(
  plan: { readonly id: string; readonly projectId: string },
  application: Application,
  places: readonly Place[],
  all: readonly Place[],
  now: number,
): Holding[] {
  const vms = new Map(application.vms.map((vm) => [vm.name, vm]));
  const keys = groupKeysOf(application);
  const pipes = pipesByVm(application, new Map(all.map(({ id, orchestrationId }) => [orchestrationId, id])));
  return places.map(({ id, orchestrationId, location, resourceId }) => {
    const { vcpus, ramMiB, diskGiB } = vms.get(orchestrationId)!;
    return {
      id,
      source: "plan",
      host: location,
      vcpus,
      ramMiB,
      diskGiB,
      groups: keys.get(orchestrationId)!,
      pipes: pipes.get(orchestrationId) ?? [],
      planId: plan.id,
      projectId: plan.projectId,
      resourceId,
      plannedAt: now,
    };
  });
}

/** VM name -> its pipes as allocations keep them: each on one of its two VMs. `idOf`: VM name -> id of its allocation. */
function pipesByVm(application: Application, idOf: ReadonlyMap<string, string>): Map<string, Holding["pipes"]> {
  const pipes = new Map<string, Holding["pipes"]>();
  for (const { a, b, kbps } of application.pipes ?? []) {
    const peer = idOf.get(b);
    if (peer !== undefined) pipes.set(a, [...(pipes.get(a) ?? []), { peer, kbps }]);
  }
  return pipes;
}

/** Id of what a server holds elsewhere while it moves. */
export function heldId(serverId: string): string {
  return `held:${serverId}`;
}

/**
 * What a server holds beside its own while it moves or waits for its resize to be confirmed. Groups keep others away
 * from there as long; that of an affinity lives where the server goes.
 */
export function heldBeside(serverId: string, main: Holding, host: string, size: Sized): Holding {
  const { vcpus, ramMiB, diskGiB } = size;
  return {
    ...main,
    id: heldId(serverId),
    source: "held",
    host,
    vcpus,
    ramMiB,
    diskGiB,
    groups: main.groups.filter((key) => !/^[a-z]+:AFF:/.test(key)),
    pipes: [],
    planId: null,
    resourceId: serverId,
    plannedAt: null,
  };
}

export type Sized = Pick<Holding, "vcpus" | "ramMiB" | "diskGiB">;

export function sameSize(a: Sized, b: Sized): boolean {
  return a.vcpus === b.vcpus && a.ramMiB === b.ramMiB && a.diskGiB === b.diskGiB;
}
