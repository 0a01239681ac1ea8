// Many at once, on hosts that are nearly full.
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { admin, demo, HOSTS, rackOf } from "./support/cloud.ts";
import { createStack, group, serverResource, serversOf, settled, template, useConvergence } from "./support/heat.ts";
import { faults, inventoryEqualsNovas } from "./support/inventory.ts";
import { boot, running } from "./support/nova.ts";
import { tidy } from "./support/tidy.ts";

beforeAll(() => useConvergence(true));
afterEach(() => tidy([demo, admin]));

const STACKS = 20;
/** Servers of 2 GiB on each host of 7.5: 64 places are left for servers of a quarter, of which the stacks take 60. */
const FILLED = [2, 2, 2, 1];

const properties = { flavor: "m1.nano", scheduler_hints: { group: { get_resource: "anti" } } };
/** Three servers that Nova's own server group keeps on different hosts, two of them in different racks. */
const THREE = template({
  anti: { type: "OS::Nova::ServerGroup", properties: { policies: ["anti-affinity"] } },
  a: serverResource(properties),
  b: serverResource(properties),
  c: serverResource(properties),
  racks: group("diversity", "rack", ["a", "b"]),
});

describe("twenty stacks at once on a nearly full cloud", () => {
  it("all find a place, and no rule is broken", async () => {
    const filling = await Promise.all(
      HOSTS.flatMap((host, at) =>
        Array.from({ length: FILLED[at]! }, () =>
          // Nova asks no filter about a host that an admin names.
          boot(admin, { name: `filling-${host}`, flavor: "m1.small", zone: `nova:${host}` }),
        ),
      ),
    );
    await running(filling.flat());
    await inventoryEqualsNovas();

    const names = Array.from({ length: STACKS }, (_, at) => `parallel-${at}`);
    const stacks = await Promise.all(names.map((name) => createStack(demo, name, THREE)));
    const ended = await Promise.all(stacks.map((id) => settled(demo, id)));
    expect(ended.filter(({ status }) => status !== "CREATE_COMPLETE")).toEqual([]);

    for (const stack of stacks) {
      const ids = await serversOf(demo, stack);
      const run = new Map((await running([...ids.values()])).map(({ id, host }) => [id, host]));
      const [a, b, c] = ["a", "b", "c"].map((name) => run.get(ids.get(name)!));
      expect(new Set([a, b, c]).size, `hosts of ${stack}`).toBe(3);
      expect(rackOf(a), `racks of ${stack}`).not.toBe(rackOf(b));
    }
    await inventoryEqualsNovas();
    expect(await faults()).toEqual({});
  });
});
