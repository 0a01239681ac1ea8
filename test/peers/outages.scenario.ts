// Services that end, hang and come back, in the middle of work.
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { admin, demo, env, logFrom, pidOf, script, service, until } from "./support/cloud.ts";
import { createStack, group, serverResource, serversOf, settled, template, useConvergence } from "./support/heat.ts";
import { faults, inventoryEqualsNovas, placements } from "./support/inventory.ts";
import { boot, reaches, remove, running, server } from "./support/nova.ts";
import { tidy } from "./support/tidy.ts";

beforeAll(() => useConvergence(true));
afterEach(() => tidy([demo, admin]));

/** Messages of the service's log from warnings on. */
const troubles = (log: string) =>
  log
    .split("\n")
    .filter((line) => /"level":[4-6]0/.test(line))
    .map((line): { level: number; msg: string; fault?: string } => JSON.parse(line));

/** Queues that get everything of Nova's exchange: the service's own one. */
async function queuesOfAll(): Promise<number> {
  const authorization = `Basic ${Buffer.from("guest:guest").toString("base64")}`;
  const url = `${env.RABBIT_ADMIN_URL}/api/exchanges/%2F/nova/bindings/source`;
  const bindings: unknown = await (await fetch(url, { headers: { authorization } })).json();
  return (bindings as { routing_key: string }[]).filter(({ routing_key }) => routing_key === "#").length;
}

describe("the service", () => {
  it("that is killed and started again in the middle of a stack loses no reservation of it", async () => {
    const names = ["a", "b", "c", "d"];
    const resources = Object.fromEntries(names.map((name) => [name, serverResource()]));
    const hot = template({ ...resources, apart: group("diversity", "host", names) });
    const stack = await createStack(demo, "killed", hot);
    await until("begun", 60, async () => (await placements()).some(({ reserved }) => reserved));
    const before = new Map((await placements()).map(({ id, location }) => [id, location]));
    await script("ostro.sh", ["kill"]);
    // Meanwhile Nova's scheduler asks again and again.
    await sleep(2000);
    await script("ostro.sh", ["start"]);
    expect(await settled(demo, stack)).toMatchObject({ status: "CREATE_COMPLETE" });
    const run = await running([...(await serversOf(demo, stack)).values()]);
    expect(new Set(run.map(({ host }) => host)).size).toBe(4);
    await inventoryEqualsNovas();
    expect(new Map((await placements()).map(({ id, location }) => [id, location]))).toEqual(before);
    expect(await faults()).toEqual({});
  });

  it("that was away while servers came and went knows of it once it is back", async () => {
    const [stays, goes] = [await boot(demo, { name: "stays" }), await boot(demo, { name: "goes" })].flat();
    await running([stays!, goes!]);
    await script("ostro.sh", ["kill"]);
    await remove([goes!]);
    await script("ostro.sh", ["start"]);
    await inventoryEqualsNovas();
    expect(await placements()).toMatchObject([{ resource_id: stays, reserved: true }]);
  });
});

describe("the broker", () => {
  it("that is restarted is listened to again", async () => {
    const [before] = await boot(demo, { name: "before" });
    await reaches(before!, "ACTIVE");
    const log = logFrom("ostro");
    await script("down.sh", ["rabbit"]);
    await script("up-rabbit.sh");
    await until("heard again", 60, async () => log().includes("following the message bus"));
    expect(await queuesOfAll()).toBe(1);
    // Nova's services, too, have to find it again.
    const [after] = await until("booted", 120, async () => {
      const ids = await boot(demo, { name: "after" });
      const ended = await until("ended", 60, async () => {
        const now = await server(ids[0]!);
        return now !== null && now.status !== "BUILD" && now;
      });
      if (ended.status === "ACTIVE") return ids;
      await remove(ids);
      return null;
    });
    await inventoryEqualsNovas();
    await remove([before!]);
    await inventoryEqualsNovas();
    expect(await placements()).toMatchObject([{ resource_id: after, reserved: true }]);
    expect(troubles(log()).some(({ msg }) => msg.includes("bus"))).toBe(true);
    expect(troubles(log()).filter(({ level }) => level > 40)).toEqual([]);
  });
});

describe("Keystone", () => {
  it("that is down for a minute costs no reservation, and the service goes on by itself afterwards", async () => {
    const ids = (await Promise.all(["one", "two"].map((name) => boot(demo, { name })))).flat();
    await running(ids);
    await inventoryEqualsNovas();
    const before = await placements();
    const log = logFrom("ostro");
    await script("down.sh", ["keystone"]);
    await sleep(60_000);
    expect((await fetch(`${env.OSTRO_URL}/readyz`)).status).toBe(200);
    await script("up-keystone.sh");
    await until("answered", 60, placements);
    expect(await placements()).toEqual(before);
    const [after] = await boot(demo, { name: "after" });
    await reaches(after!, "ACTIVE");
    await inventoryEqualsNovas();
    expect(troubles(log()).filter(({ level }) => level > 40)).toEqual([]);
  });
});

describe("a Nova that hangs", () => {
  it("keeps no plan waiting, and what it did meanwhile is known", async () => {
    const [id] = await boot(demo, { name: "slow" });
    await reaches(id!, "ACTIVE");
    await inventoryEqualsNovas();
    const log = logFrom("ostro");
    process.kill(-pidOf("nova-api"), "SIGSTOP");
    let resync: Promise<unknown> | null = null;
    try {
      // A reading that has to wait for Nova.
      resync = service.ask("POST", `${env.OSTRO_URL}/v1/resync`).catch(() => null);
      const resource = { type: "OS::Nova::Server", name: "planned", properties: { flavor: "m1.tiny" } };
      const plan = { plan_name: "planned", stack_id: "planned", timeout: "60 sec", resources: { planned: resource } };
      for (let turn = 0; turn < 4; turn++) {
        const began = Date.now();
        expect((await service.ask("POST", `${env.OSTRO_URL}/v1/plans`, plan)).status).toBe(201);
        expect((await service.ask("DELETE", `${env.OSTRO_URL}/v1/plans/planned`)).status).toBe(204);
        expect(Date.now() - began).toBeLessThan(10_000);
        await sleep(10_000);
      }
    } finally {
      process.kill(-pidOf("nova-api"), "SIGCONT");
    }
    await resync;
    const [after] = await boot(demo, { name: "after" });
    await reaches(after!, "ACTIVE");
    await inventoryEqualsNovas();
    expect(await placements()).toHaveLength(2);
    expect(troubles(log()).filter(({ level }) => level > 40)).toEqual([]);
  });
});
