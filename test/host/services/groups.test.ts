import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, dataCenter, type Services, services, stack } from "../../support/services.ts";

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    on = await services(await database.open(), dataCenter(1, 2));
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  const make = (name: string) => on.groups.create({ name, type: "exclusivity", level: "host", description: "d" });

  test("a group is found by its id and by its name, the id first", async () => {
    const a = await make("a");
    const named = await make(a.id);
    expect(await on.groups.find("a")).toEqual(a);
    expect(await on.groups.find(a.id)).toEqual(a);
    expect(await on.groups.find(named.id)).toEqual(named);
    await expect(on.groups.find("b")).rejects.toMatchObject({ code: "group.not-found", message: "Group not found" });
    expect((await on.groups.list()).map(({ name }) => name)).toEqual(["a", a.id]);
  });

  test("a name can be taken once, and capitals make another one", async () => {
    await make("once");
    await expect(make("once")).rejects.toMatchObject({
      code: "group.duplicate",
      message: "A group named once already exists",
    });
    await make("Once");
  });

  test("of requests at once for one name one gets it", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => make("race")));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("only the description can change", async () => {
    const group = await make("described");
    expect(await on.groups.update(group.id, { description: "new" })).toEqual({ ...group, description: "new" });
    expect(await on.groups.update("described", {})).toEqual({ ...group, description: "new" });
    await expect(on.groups.update("nobody", {})).rejects.toMatchObject({ code: "group.not-found" });
  });

  test("projects join once, unknown ones not at all", async () => {
    const { id } = await make("members");
    expect((await on.groups.addMembers(id, ["demo", "demo"])).members).toEqual(["demo"]);
    expect((await on.groups.addMembers(id, ["other", "demo"])).members).toEqual(["demo", "other"]);
    for (const wrong of [["demo", "nobody"], []])
      await expect(on.groups.addMembers(id, wrong)).rejects.toMatchObject({
        code: "group.unknown-projects",
        message: expect.stringContaining("Member list contains invalid tenant IDs"),
      });
    expect(await on.groups.hasMember("members", "demo")).toBe(true);
    expect(await on.groups.hasMember("members", "nobody")).toBe(false);
  });

  test("a group goes when it has no members", async () => {
    await make("going");
    await on.groups.addMembers("going", ["demo"]);
    await expect(on.groups.remove("going")).rejects.toMatchObject({
      code: "group.has-members",
      message: "Unable to delete a Group with members.",
    });
    await on.groups.removeMember("going", "demo");
    await expect(on.groups.removeMember("going", "demo")).rejects.toMatchObject({ code: "group.member-missing" });
    await on.groups.removeMembers("going");
    await on.groups.remove("going");
    await expect(on.groups.remove("going")).rejects.toMatchObject({ code: "group.not-found" });
  });

  test("a project with built servers in a group cannot leave it, and planned ones do not count", async () => {
    const { id } = await on.groups.create({ name: "vip", type: "exclusivity", level: null, description: "" });
    await on.groups.addMembers("vip", ["demo", "other"]);
    const group = { group_type: "exclusivity", group_name: "vip", level: "host", resources: ["a"] };
    const plan = await on.plans.create(CALLER, stack("s", { a: "c1" }, { g: group }));
    await on.groups.removeMember("vip", "demo");
    await on.groups.addMembers("vip", ["demo"]);

    const { location } = plan!.placements[0]!;
    await on.placements.reserve("a", { action: "reserve", resourceId: "server-1", locations: [location] });
    const refusal = {
      code: "group.member-has-servers",
      message: expect.stringMatching(/demo has servers in group vip: server-1/),
    };
    await expect(on.groups.removeMember(id, "demo")).rejects.toMatchObject(refusal);
    await expect(on.groups.removeMembers(id)).rejects.toMatchObject(refusal);
    expect((await on.groups.find(id)).members).toEqual(["other", "demo"]);
    await on.groups.removeMember(id, "other");

    await on.plans.remove("s");
    await expect(on.groups.removeMember(id, "demo")).rejects.toMatchObject(refusal);
  });
});
