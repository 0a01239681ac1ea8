// Stacks of Heat, with both of its engines.
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { admin, demo, rackOf } from "./support/cloud.ts";
import {
  createStack,
  deleteStacks,
  group,
  serverResource,
  serversOf,
  settled,
  template,
  useConvergence,
} from "./support/heat.ts";
import { faults, inventoryEqualsNovas, placements } from "./support/inventory.ts";
import { running } from "./support/nova.ts";
import { tidy } from "./support/tidy.ts";

/** Two pairs, each on one host, in two racks. */
const PAIRS = template({
  a1: serverResource(),
  a2: serverResource({ flavor: "m1.small" }),
  b1: serverResource(),
  b2: serverResource({ flavor: "m1.small" }),
  a: group("affinity", "host", ["a1", "a2"]),
  b: group("affinity", "host", ["b1", "b2"]),
  apart: group("diversity", "rack", ["a", "b"]),
});

afterEach(() => tidy([demo, admin]));

describe.each([
  ["lifecycle plugins", false, admin],
  ["convergence, for an ordinary user in another project", true, demo],
])("a stack with rack diversity over host affinities (%s)", (_, convergence, user) => {
  beforeAll(() => useConvergence(convergence));

  it("boots exactly where it was planned as a whole, and each placement ends reserved with its server's id", async () => {
    const stack = await createStack(user, "pairs", PAIRS);
    expect(await settled(user, stack)).toMatchObject({ status: "CREATE_COMPLETE" });
    const ids = await serversOf(user, stack);
    const run = new Map((await running([...ids.values()])).map((server) => [server.id, server.host]));
    const hostOf = (name: string) => run.get(ids.get(name)!);
    expect(hostOf("a2")).toBe(hostOf("a1"));
    expect(hostOf("b2")).toBe(hostOf("b1"));
    expect(rackOf(hostOf("a1"))).not.toBe(rackOf(hostOf("b1")));

    await inventoryEqualsNovas();
    const planned = await placements();
    // One plan: of the stack, not one for each server.
    expect(new Set(planned.map(({ plan_id }) => plan_id)).size).toBe(1);
    for (const [, id] of ids)
      expect(planned.filter(({ resource_id }) => resource_id === id)).toMatchObject([
        { location: run.get(id), reserved: true },
      ]);
    expect(planned).toHaveLength(ids.size);
    expect(await faults()).toEqual({});

    await deleteStacks(user, [stack]);
    await inventoryEqualsNovas();
    expect(await placements()).toEqual([]);
  });

  it("without a place fails, and leaves nothing behind", async () => {
    const names = ["one", "two", "three"];
    // Three racks, where there are two.
    const three = template({
      ...Object.fromEntries(names.map((name) => [name, serverResource()])),
      apart: group("diversity", "rack", names),
    });
    const stack = await createStack(user, "three-racks", three);
    expect(await settled(user, stack)).toMatchObject({ status: "CREATE_FAILED" });
  });
});
