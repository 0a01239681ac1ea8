// Hosts on which nothing can be built.
import { writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { admin, demo, failFile, HOSTS } from "./support/cloud.ts";
import { createStack, group, serverResource, serversOf, settled, template, useConvergence } from "./support/heat.ts";
import { faults, inventoryEqualsNovas, placements } from "./support/inventory.ts";
import { boot, reaches, running } from "./support/nova.ts";
import { tidy } from "./support/tidy.ts";

beforeAll(() => useConvergence(true));
afterEach(() => tidy([demo, admin]));

const failOn = (hosts: readonly string[]) => {
  for (const host of hosts) writeFileSync(failFile(host), "");
};

describe("a failing host", () => {
  it("makes Heat try again, until its server runs on the one host that is well", async () => {
    const well = HOSTS.at(-1);
    failOn(HOSTS.slice(0, -1));
    const stack = await createStack(demo, "tries", template({ a: serverResource() }));
    expect(await settled(demo, stack)).toMatchObject({ status: "CREATE_COMPLETE" });
    const [id] = (await serversOf(demo, stack)).values();
    expect(await reaches(id!, "ACTIVE")).toMatchObject({ host: well });
    await inventoryEqualsNovas();
    expect(await placements()).toMatchObject([{ resource_id: id, location: well, reserved: true }]);
  });

  it("breaks no rule of the stack that has to leave it", async () => {
    failOn(HOSTS.slice(0, 1));
    const names = ["a", "b", "c"];
    const resources = Object.fromEntries(names.map((name) => [name, serverResource()]));
    const hot = template({ ...resources, apart: group("diversity", "host", names) });
    const stack = await createStack(demo, "leaves", hot);
    expect(await settled(demo, stack)).toMatchObject({ status: "CREATE_COMPLETE" });
    const run = await running([...(await serversOf(demo, stack)).values()]);
    expect(new Set(run.map(({ host }) => host)).size).toBe(3);
    expect(run.map(({ host }) => host)).not.toContain(HOSTS[0]);
    await inventoryEqualsNovas();
    expect(await faults()).toEqual({});
  });

  it("leaves a server without Heat in error, which holds nothing", async () => {
    failOn(HOSTS);
    const [id] = await boot(demo, { name: "failed" });
    await reaches(id!, "ERROR");
  });
});
