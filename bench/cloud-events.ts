// A service that follows a cloud, with messages as Nova sends them: each tells that a server runs on another host now.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { openStore } from "../db/client.ts";
import { PoolSolver } from "../host/core/pool.ts";
import { simulatedDataCenter } from "../host/core/simulated.ts";
import { readMessage } from "../host/openstack/messages.ts";
import { Events } from "../host/services/events.ts";
import { GroupService } from "../host/services/groups.ts";
import { InventoryService } from "../host/services/inventory.ts";
import { Planner } from "../host/services/planner.ts";
import { type PlanRequest, PlanService } from "../host/services/plans.ts";
import { ServerService } from "../host/services/servers.ts";
import { inRepository } from "./paths.ts";

const RECORDED = "test/fixtures/openstack/messages/recorded.jsonl";
const MOVED = "rpc-object_action-Instance-save-active-None";

/** Bodies for so many servers, in two turns: in the second each runs on another host than in the first. */
export function moves(servers: number, hosts: readonly string[]): readonly (readonly Buffer[])[] {
  const lines = readFileSync(inRepository(RECORDED), "utf8").split("\n");
  const { body } = JSON.parse(lines.find((line) => line.includes(`"${MOVED}"`))!) as { body: string };
  const envelope = JSON.parse(body) as Record<string, string>;
  const message = JSON.parse(envelope["oslo.message"]!);
  const ids = Array.from({ length: servers }, () => randomUUID());
  return [0, 1].map((turn) =>
    ids.map((uuid, at) => {
      const host = hosts[(at + turn) % hosts.length];
      Object.assign(message.args.objinst["nova_object.data"], { uuid, host, node: host });
      return Buffer.from(JSON.stringify({ ...envelope, "oslo.message": JSON.stringify(message) }));
    }),
  );
}

export interface FollowedCloud {
  readonly inventory: InventoryService;
  readonly events: Events;
  readonly plans: PlanService;
  /** As the bus does with each message. */
  receive(body: Buffer): void;
  /** Resolves when nothing waits or is being applied. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Hosts as `sim:RACKSxHOSTS`. */
export async function followedCloud(dataCenter: string, database: string): Promise<FollowedCloud> {
  const store = await openStore(database);
  const inventory = await InventoryService.open(store, simulatedDataCenter(dataCenter));
  const servers = new ServerService({ store, inventory, pendingGraceSeconds: 600, log: () => {} });
  let applying = Promise.resolve();
  const events = new Events({
    apply: (changes) => {
      applying = servers.apply(changes);
      return applying;
    },
    reread: () => {},
    warn: (message, details) => console.error(message, details),
  });
  const solver = new PoolSolver({ workers: 1 });
  const planner = new Planner({ store, inventory, solver, parallel: 1, replayDirectory: "" });
  const groups = new GroupService(store, { unknownProjects: async () => [] });
  return {
    inventory,
    events,
    plans: new PlanService({ store, inventory, planner, groups, explainer: solver }),
    receive: (body) => events.offer(readMessage(body, "conductor").changes),
    async settled() {
      while (events.waiting > 0) await new Promise((resolve) => setTimeout(resolve, 1));
      await applying;
    },
    async close() {
      await events.close();
      await inventory.close();
      await solver.close();
      await store.close();
    },
  };
}

/** Five servers on hosts of their own. */
export function fiveApart(stackId: string): PlanRequest {
  const names = ["a", "b", "c", "d", "e"];
  const servers = names.map((name) => [name, { name, type: "OS::Nova::Server", properties: { flavor: "m1.small" } }]);
  const properties = { group_type: "diversity", level: "host", resources: names };
  const apart = { name: "apart", type: "ATT::Valet::GroupAssignment", properties };
  return { planName: stackId, stackId, resources: Object.fromEntries([...servers, ["apart", apart]]) };
}
