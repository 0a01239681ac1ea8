// Servers that are booted without Heat.
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { admin, demo, env, HOSTS, rackOf } from "./support/cloud.ts";
import { inventoryEqualsNovas, placements } from "./support/inventory.ts";
import { boot, reaches, remove, running, server, serverGroup } from "./support/nova.ts";
import { dropAggregates, tidy } from "./support/tidy.ts";

afterEach(() => tidy([demo, admin]));
afterAll(dropAggregates);

describe("a server that is booted without Heat", () => {
  it("runs on the host that was planned for it, and its placement is reserved with its id", async () => {
    const [id] = await boot(demo, { name: "alone" });
    const { host } = await reaches(id!, "ACTIVE");
    await inventoryEqualsNovas();
    expect(await placements({ resource_id: id! })).toMatchObject([{ location: host, reserved: true }]);
    await remove([id!]);
    await inventoryEqualsNovas();
    expect(await placements({ resource_id: id! })).toEqual([]);
  });

  it("runs in its availability zone", async () => {
    const zoned = HOSTS.filter((host) => rackOf(host) === "r02");
    const { aggregate } = await admin.call("POST", `${env.NOVA_URL}/os-aggregates`, {
      aggregate: { name: "second-rack", availability_zone: "second" },
    });
    for (const host of zoned)
      await admin.call("POST", `${env.NOVA_URL}/os-aggregates/${aggregate.id}/action`, { add_host: { host } });
    const [id] = await boot(demo, { name: "zoned", zone: "second" });
    expect(zoned).toContain((await reaches(id!, "ACTIVE")).host);
    await inventoryEqualsNovas();
  });

  it.each([
    ["affinity", 1],
    ["anti-affinity", 3],
  ])("keeps the policy %s of its server group", async (policy, hosts) => {
    const group = await serverGroup(demo, `group-${policy}`, policy);
    const ids: string[] = [];
    for (const name of ["one", "two", "three"]) {
      ids.push(...(await boot(demo, { name, group })));
      await reaches(ids.at(-1)!, "ACTIVE");
    }
    const used = (await running(ids)).map(({ host }) => host);
    expect(new Set(used).size).toBe(hosts);
    await inventoryEqualsNovas();
  });

  it("keeps anti-affinity when its group is booted all at once, by one request for three", async () => {
    const group = await serverGroup(demo, "at-once", "anti-affinity");
    const ids = await boot(demo, { name: "apart", group, count: 3 });
    const used = (await running(ids)).map(({ host }) => host);
    expect(new Set(used).size).toBe(3);
    await inventoryEqualsNovas();
  });

  it("comes thrice when three are wanted, each with a placement of its own", async () => {
    const ids = await boot(demo, { name: "three", count: 3 });
    const run = await running(ids);
    await inventoryEqualsNovas();
    for (const { id, host } of run)
      expect(await placements({ resource_id: id })).toMatchObject([{ location: host, reserved: true }]);
  });

  it("that no host can take ends in error, and holds nothing", async () => {
    const [id] = await boot(demo, { name: "nowhere", zone: "nova", metadata: { valet: '{"groups": ["unknown"]}' } });
    await reaches(id!, "ERROR");
    expect((await server(id!))?.host).toBeNull();
    await inventoryEqualsNovas();
  });
});
