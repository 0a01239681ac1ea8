// The services over a store, as the server wires them, with a solver on this thread or one that is given.
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allAllocations } from "../../db/queries/inventory.ts";
import { serverGroups, servers } from "../../db/schema/index.ts";
import type { Store } from "../../db/store.ts";
import type { DataCenter, Host } from "../../host/core/model.ts";
import { LocalSolver, type Solver } from "../../host/core/solver.ts";
import { GroupService } from "../../host/services/groups.ts";
import { InventoryService } from "../../host/services/inventory.ts";
import { PlacementService } from "../../host/services/placements.ts";
import { Planner } from "../../host/services/planner.ts";
import { type PlanRequest, PlanService } from "../../host/services/plans.ts";
import { ServerService } from "../../host/services/servers.ts";

const PROJECTS = ["demo", "other"];
export const CALLER = { userId: "u", projectId: "demo", roles: ["admin"] };

export interface Services {
  readonly store: Store;
  readonly inventory: InventoryService;
  readonly groups: GroupService;
  readonly plans: PlanService;
  readonly placements: PlacementService;
  readonly servers: ServerService;
  /** What the services logged. */
  readonly logged: string[];
  /** Made when something is saved. */
  readonly replayDirectory: string;
  close(): Promise<void>;
}

export async function services(
  store: Store,
  dataCenter: DataCenter,
  options: {
    solver?: Pick<Solver, "solve">;
    parallel?: number;
    inventory?: InventoryService;
    lockedSolveMs?: number;
    now?: () => number;
  } = {},
): Promise<Services> {
  const {
    solver = new LocalSolver(),
    parallel = 2,
    lockedSolveMs = 8_000,
    inventory = await InventoryService.open(store, dataCenter),
    now = Date.now,
  } = options;
  const groups = new GroupService(store, {
    unknownProjects: async (ids) => ids.filter((id) => !PROJECTS.includes(id)),
  });
  const replayDirectory = join(tmpdir(), `ostro-replay-${randomUUID()}`);
  const planner = new Planner({ store, inventory, solver, parallel, replayDirectory, lockedSolveMs });
  const plans = new PlanService({ store, inventory, planner, groups, explainer: new LocalSolver() });
  const placements = new PlacementService({ store, inventory, planner });
  const logged: string[] = [];
  const servers = new ServerService({
    store,
    inventory,
    pendingGraceSeconds: 600,
    log: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
    now,
  });
  const close = () => inventory.close();
  return { store, inventory, groups, plans, placements, servers, logged, replayDirectory, close };
}

/** Removes all plans, and what is left of built servers. */
export async function clear({ plans, inventory, logged }: Services): Promise<void> {
  logged.splice(0);
  for (const { id } of await plans.list()) await plans.remove(id);
  await inventory.commit(async (tx) => {
    const remove = (await allAllocations(tx)).map(({ id }) => id);
    await tx.delete(servers);
    await tx.delete(serverGroups);
    return { result: undefined, change: { put: [], remove } };
  });
}

/** Hosts `r<rack>h<host>` of equal size, and flavors `c1`, `c2`, `c4` of that many vCPUs. */
export function dataCenter(racks: number, hostsPerRack: number, vcpus = 4): DataCenter {
  const hosts: Host[] = [];
  for (let r = 0; r < racks; r++)
    for (let h = 0; h < hostsPerRack; h++)
      hosts.push({
        name: `r${r}h${h}`,
        rack: `r${r}`,
        cluster: null,
        zone: "nova",
        aggregates: [],
        up: true,
        capacity: { vcpus, ramMiB: vcpus * 1000, diskGiB: 1000 },
        physical: { vcpus, ramMiB: vcpus * 1000 },
        used: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
      });
  const flavors = [1, 2, 4].map((n) => ({
    id: `${n}`,
    name: `c${n}`,
    vcpus: n,
    ramMiB: n * 1000,
    diskGiB: 1,
    extraSpecs: {},
  }));
  return { hosts, aggregates: {}, existing: [], flavors };
}

/** A stack of servers, name -> flavor, and of groups over them. */
export function stack(
  stackId: string,
  servers: Record<string, string>,
  groups: Record<string, { group_type: string; level: string; group_name?: string; resources: string[] }> = {},
): PlanRequest {
  const resources: PlanRequest["resources"] = {};
  for (const [name, flavor] of Object.entries(servers))
    resources[name] = { name, type: "OS::Nova::Server", properties: { flavor } };
  for (const [name, properties] of Object.entries(groups))
    resources[name] = { name, type: "ATT::Valet::GroupAssignment", properties };
  return { planName: stackId, stackId, resources };
}

/** The stack with a pipe for each triple of two resources and a number of Mbit/s. */
export function piped(request: PlanRequest, ...pipes: (readonly [a: string, b: string, mbps: number])[]): PlanRequest {
  const entries = pipes.map(([a, b, mbps], at) => [
    `pipe${at}`,
    { type: "ATT::Valet::Pipe", properties: { resources: [a, b], bandwidth: { min: mbps, units: "Mbps" } } },
  ]);
  return { ...request, resources: { ...request.resources, ...Object.fromEntries(entries) } };
}

/** The data center with the same link at every host and at every rack, Mbit/s. */
export function linked(dataCenter: DataCenter, nicMbps: number, uplinkMbps: number): DataCenter {
  const names = new Set(dataCenter.hosts.map(({ rack }) => rack!));
  return {
    ...dataCenter,
    hosts: dataCenter.hosts.map((host) => ({ ...host, nicKbps: nicMbps * 1000, nicUsedKbps: 0 })),
    racks: [...names].map((name) => ({ name, uplinkKbps: uplinkMbps * 1000, uplinkUsedKbps: 0 })),
  };
}
