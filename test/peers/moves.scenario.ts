// What becomes of servers that run: the inventory follows each step.
import { afterEach, describe, expect, it } from "vitest";
import { admin, demo, env, script, until } from "./support/cloud.ts";
import { inventoryEqualsNovas, placements } from "./support/inventory.ts";
import { act, boot, reaches, remove, server } from "./support/nova.ts";
import { tidy } from "./support/tidy.ts";

afterEach(() => tidy([demo, admin]));

/** Boots a server, and gives its id and host. */
async function booted(name: string): Promise<{ id: string; host: string }> {
  const [id] = await boot(demo, { name });
  const { host } = await reaches(id!, "ACTIVE");
  await inventoryEqualsNovas();
  return { id: id!, host: host! };
}

/** Its one placement is reserved where it runs. */
async function reservedOn(id: string, host: string | null) {
  expect(await placements({ resource_id: id })).toMatchObject([{ location: host, reserved: true }]);
}

describe("the inventory equals Nova's", () => {
  it("before and after a resize is confirmed", async () => {
    const { id, host } = await booted("grows");
    await act(id, { resize: { flavorRef: "2" } });
    const resized = await reaches(id, "VERIFY_RESIZE");
    expect(resized.host).not.toBe(host);
    await inventoryEqualsNovas();
    await act(id, { confirmResize: null });
    expect(await reaches(id, "ACTIVE")).toMatchObject({ ramMiB: 2048, host: resized.host });
    await inventoryEqualsNovas();
    await reservedOn(id, resized.host);
  });

  it("after a resize is reverted", async () => {
    const { id, host } = await booted("grows-not");
    await act(id, { resize: { flavorRef: "2" } });
    await reaches(id, "VERIFY_RESIZE");
    await act(id, { revertResize: null });
    expect(await reaches(id, "ACTIVE")).toMatchObject({ ramMiB: 512, host });
    await inventoryEqualsNovas();
    await reservedOn(id, host);
  });

  it("after a cold migration", async () => {
    const { id, host } = await booted("cold");
    await act(id, { migrate: { host: null } });
    const moved = await reaches(id, "VERIFY_RESIZE", host);
    await inventoryEqualsNovas();
    await act(id, { confirmResize: null });
    await reaches(id, "ACTIVE");
    await inventoryEqualsNovas();
    await reservedOn(id, moved.host);
  });

  it("after a live migration", async () => {
    const { id, host } = await booted("live");
    await act(id, { "os-migrateLive": { host: null, block_migration: "auto" } });
    const moved = await reaches(id, "ACTIVE", host);
    await inventoryEqualsNovas();
    await reservedOn(id, moved.host);
  });

  it("after evacuation from a host that is down, and when the host comes back", async () => {
    const { id, host } = await booted("evacuated");
    const { services } = await admin.call("GET", `${env.NOVA_URL}/os-services?binary=nova-compute&host=${host}`);
    const force = (forced_down: boolean) =>
      admin.call("PUT", `${env.NOVA_URL}/os-services/${services[0].id}`, { forced_down });
    await script("down.sh", [`nova-compute-${host}`]);
    try {
      await force(true);
      await act(id, { evacuate: {} });
      const moved = await reaches(id, "ACTIVE", host);
      // Placement keeps what the server had on the dead host until that is back, so only servers are compared here.
      await until("moved in the inventory", 20, async () => {
        const [placement] = await placements({ resource_id: id });
        return placement?.location === moved.host && placement.reserved;
      });
      await reservedOn(id, moved.host);
    } finally {
      await script("up-nova.sh");
      // Nova refuses before the host has dropped what was evacuated.
      await until("allowed to be up", 60, async () => (await force(false)) !== null);
    }
    await inventoryEqualsNovas(90);
    expect((await server(id))?.host).not.toBe(host);
  });

  it("after servers are deleted while they are built", async () => {
    const ids = await boot(demo, { name: "short", count: 3 });
    await remove(ids);
    // Nova tells nobody of a server that is deleted before it is given to a host; then the next reading finds it missing.
    await inventoryEqualsNovas(100);
    expect(await placements()).toEqual([]);
  });
});
