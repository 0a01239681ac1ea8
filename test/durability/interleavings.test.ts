import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allFacts } from "../../db/queries/facts.ts";
import { allAllocations } from "../../db/queries/inventory.ts";
import { findPlanOfStack, listPlacements, listPlans } from "../../db/queries/plans.ts";
import { Inventory } from "../../host/core/inventory.ts";
import type { Application } from "../../host/core/model.ts";
import { verify } from "../../host/core/verify.ts";
import { onlyVms } from "../../host/services/below.ts";
import { toDataCenter } from "../../host/services/facts.ts";
import type { PlacementView } from "../../host/services/placements.ts";
import type { PlanRequest, PlanView } from "../../host/services/plans.ts";
import { audit } from "../support/audit.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../support/postgres.ts";
import { propertySeed } from "../support/property-seed.ts";
import { CALLER, clear, dataCenter, linked, piped, type Services, services, stack } from "../support/services.ts";

const DATA_CENTER = linked(dataCenter(3, 2), 1000, 1500);
const HOSTS = DATA_CENTER.hosts.map(({ name }) => name);
const STACKS = ["s0", "s1", "s2", "s3"];
const VMS = ["a", "b", "c"];

/** A stack of some servers, each with a pipe to the next one or none, and a group over the first two or none. */
const request = fc
  .record({
    stackId: fc.constantFrom(...STACKS),
    flavors: fc.array(fc.constantFrom("c1", "c2", "c4"), { minLength: 1, maxLength: 3 }),
    type: fc.constantFrom("affinity", "diversity", "exclusivity", "none"),
    level: fc.constantFrom("host", "rack"),
    mbps: fc.constantFrom(0, 300, 700),
  })
  .map(({ stackId, flavors, type, level, mbps }): PlanRequest => {
    const servers = Object.fromEntries(flavors.map((flavor, i) => [`${stackId}${VMS[i]}`, flavor]));
    const resources = Object.keys(servers).slice(0, 2);
    const named = type === "exclusivity" ? { group_name: "vip" } : {};
    const groups = type === "none" ? {} : { g: { group_type: type, level, resources, ...named } };
    const names = Object.keys(servers);
    const pipes = names.slice(1).map((name, i) => [names[i]!, name, mbps] as const);
    return piped(stack(stackId, servers, groups), ...pipes);
  });

type Operation =
  | { kind: "create"; request: PlanRequest }
  | { kind: "remove"; stackId: string }
  | { kind: "reserve"; id: string; locations: string[]; resourceId?: string }
  | { kind: "forget"; id: string };

const vm = fc.tuple(fc.constantFrom(...STACKS), fc.constantFrom(...VMS)).map(([stackId, name]) => stackId + name);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: request.map((request) => ({ kind: "create" as const, request })) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("remove" as const), stackId: fc.constantFrom(...STACKS) }) },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        kind: fc.constant("reserve" as const),
        id: vm,
        locations: fc.subarray(HOSTS, { minLength: 1 }),
        resourceId: vm.map((id) => `server-${id}`),
      },
      { requiredKeys: ["kind", "id", "locations"] },
    ),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), id: vm }) },
);

/** Answers of requests that may be refused, but only for these reasons. */
const REFUSALS = ["placement.infeasible", "plan.not-found", "placement.not-found"];

async function perform(on: Services, operation: Operation): Promise<PlanView | PlacementView | null> {
  try {
    if (operation.kind === "create") return await on.plans.create(CALLER, operation.request);
    if (operation.kind === "remove") await on.plans.remove(operation.stackId);
    if (operation.kind === "forget") await on.placements.remove(operation.id);
    if (operation.kind === "reserve")
      return await on.placements.reserve(operation.id, { ...operation, action: "reserve" });
  } catch (error) {
    expect(REFUSALS, String(error)).toContain((error as { code?: string }).code);
  }
  return null;
}

/** Every recorded plan against all rules, on the data center as the store has it. */
async function brokenRules({ store }: Services): Promise<string[]> {
  return await store.transaction(
    async (tx) => {
      const inventory = new Inventory(toDataCenter(await allFacts(tx), await allAllocations(tx)));
      const broken: string[] = [];
      for (const { id, stackId } of await listPlans(tx)) {
        const plan = await findPlanOfStack(tx, stackId);
        const rows = await listPlacements(tx, id);
        const placements = Object.fromEntries(rows.map((row) => [row.orchestrationId, row.location]));
        const application = onlyVms(plan!.application as Application, new Set(Object.keys(placements)));
        broken.push(...verify(inventory, application, placements, { without: rows.map((row) => row.id) }));
      }
      return broken;
    },
    { snapshot: true },
  );
}

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let servers: Services[];
  beforeAll(async () => {
    database = await freshDatabase(kind);
    servers = [await services(await database.open(), DATA_CENTER)];
    if (kind === "postgres") servers.push(await services(await database.open(), DATA_CENTER));
    await servers[0]!.groups.create({ name: "vip", type: "exclusivity", level: null, description: "" });
    await servers[0]!.groups.addMembers("vip", [CALLER.projectId]);
  });
  afterAll(async () => {
    for (const server of servers) await server.close();
    await database.remove();
  });

  test("whatever is asked at once, nothing is overbooked or mixed, and what is recorded is what was answered", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 8 }), { maxLength: 4 }),
        async (waves) => {
          const [first] = servers as [Services];
          await clear(first);
          for (const wave of waves) {
            const answers = await Promise.all(
              wave.map((operation, i) => perform(servers[i % servers.length]!, operation)),
            );
            for (const server of servers) await server.inventory.catchUp();
            expect(
              await audit(
                first.store,
                servers.map(({ inventory }) => inventory.inventory),
              ),
            ).toEqual([]);
            expect(await brokenRules(first)).toEqual([]);
            // Nothing that was answered is lost, unless something later in the same wave may have changed it.
            const [only, ...others] = wave;
            if (only!.kind === "create" && others.length === 0 && answers[0] !== null)
              expect(await first.plans.find(only!.request.stackId)).toEqual(answers[0]);
            const plans = await first.plans.list();
            expect(new Set(plans.map(({ stackId }) => stackId)).size).toBe(plans.length);
          }
        },
      ),
      { seed: propertySeed, numRuns: process.env.CI === "true" ? 80 : 12 },
    );
  });
});
