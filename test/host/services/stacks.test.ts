import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allAllocations } from "../../../db/queries/inventory.ts";
import type { HeatStack } from "../../../host/openstack/heat.ts";
import { StackService } from "../../../host/services/stacks.ts";
import { audit } from "../../support/audit.ts";
import { is } from "../../support/cloud.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { OWNER, recordedHeat, STACK } from "../../support/recorded-stack.ts";
import { CALLER, clear, dataCenter, type Services, services } from "../../support/services.ts";

const HOSTS = ["r0h0", "r0h1", "r1h0", "r1h1"];
const ADMIN = { ...CALLER, projectId: "service" };
const FLAVORS = { "m1.tiny": "c1" };

/** The recorded stack with flavors of the test data center, of which only these groups have been made. */
function recorded(made: HeatStack["resources"] = []): HeatStack {
  const text = (value: unknown) =>
    JSON.stringify(value).replaceAll(/m1\.tiny/g, (name) => FLAVORS[name as keyof typeof FLAVORS]);
  const { stack } = recordedHeat("stack");
  return {
    id: STACK,
    name: "conv-1",
    projectId: OWNER,
    parameters: new Map(Object.entries(stack.parameters as Record<string, string>)),
    template: JSON.parse(text(recordedHeat("template"))),
    files: new Map(Object.entries(recordedHeat("files"))),
    registry: new Map([["inner.yaml", "inner.yaml"]]),
    defaults: new Map(),
    resources: made,
  };
}

/** As Nova's filter asks for a server of the stack. */
function asking(id: string, path: string, levels: readonly string[] = [], locations = HOSTS) {
  const metadata = {
    heat_root_stack_id: STACK,
    heat_stack_id: levels.length === 0 ? STACK : `nested-${levels.length}`,
    heat_path_in_stack: ["conv-1", ...levels.map((level) => `${level},conv-1-${level}-x1y2`)],
    heat_resource_name: path,
    heat_resource_uuid: `uuid-of-${[...levels, path].join("-")}`,
  };
  const properties = { flavor: "c1" };
  const resource = { type: "OS::Nova::Server", name: "ad_hoc_instance", properties, metadata };
  return { planName: id, stackId: id, locations, resources: { [id]: resource } };
}

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  let heat: () => Promise<HeatStack | null>;
  let read: number;
  let logged: string[];
  beforeAll(async () => {
    database = await freshDatabase(kind);
    on = await services(await database.open(), dataCenter(2, 2, 8));
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  beforeEach(async () => {
    await clear(on);
    read = 0;
    logged = [];
    heat = async () => recorded();
  });

  const stacks = (more: { patienceMs?: number; source?: null } = {}) =>
    new StackService({
      store: on.store,
      plans: on.plans,
      placements: on.placements,
      source: {
        stack: async () => {
          read++;
          return await heat();
        },
      },
      log: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
      ...more,
    });
  const hostOf = (plan: Awaited<ReturnType<StackService["create"]>>) => plan!.placements[0]!.location;
  const rackOf = (plan: Awaited<ReturnType<StackService["create"]>>) => hostOf(plan).slice(0, 2);

  test("the first server has its whole stack planned, and all of them boot where it says", async () => {
    const service = stacks();
    const placed = await Promise.all(["a1", "a2", "b1", "b2"].map((name) => service.create(ADMIN, asking(name, name))));
    expect(read).toBe(1);
    const [hostA, hostA2, hostB, hostB2] = placed.map(hostOf);
    expect(hostA2).toBe(hostA);
    expect(hostB2).toBe(hostB);
    expect(rackOf(placed[0]!)).not.toBe(rackOf(placed[2]!));
    const nested = await Promise.all(
      ["0", "1"].map((at) => service.create(ADMIN, asking(`n${at}`, "srv", ["grp", at]))),
    );
    expect(hostOf(nested[0]!)).not.toBe(hostOf(nested[1]!));
    const scaled = await Promise.all(["x7", "y8"].map((name) => service.create(ADMIN, asking(name, name, ["asg"]))));
    expect(rackOf(scaled[0]!)).not.toBe(rackOf(scaled[1]!));

    const plan = await on.plans.find(STACK);
    expect(plan.placements.every(({ reserved, resourceId }) => reserved && resourceId !== null)).toBe(true);
    expect(plan.placements).toHaveLength(8);
    expect(read).toBe(1);
    expect(logged).toEqual([]);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("who asks gets its own server back, by the id it asked with", async () => {
    const plan = await stacks().create(ADMIN, asking("nova-1", "a1"));
    expect(plan).toMatchObject({ stackId: STACK, name: "conv-1" });
    expect(plan!.placements).toMatchObject([{ orchestrationId: "nova-1", resourceId: "nova-1", reserved: true }]);
  });

  test("the same question gives the same host, and the server that Heat tries next takes its place", async () => {
    const service = stacks();
    const first = await service.create(ADMIN, asking("nova-1", "m1", ["asg"]));
    expect(hostOf(await service.create(ADMIN, asking("nova-1", "m1", ["asg"])))).toBe(hostOf(first));
    expect(hostOf(await service.create(ADMIN, asking("nova-2", "m1", ["asg"])))).toBe(hostOf(first));
    const plan = await on.plans.find(STACK);
    expect(plan.placements.filter(({ resourceId }) => resourceId !== null)).toMatchObject([{ resourceId: "nova-2" }]);
  });

  test("a placement is found by what Heat calls the server from then on", async () => {
    await stacks().create(ADMIN, asking("nova-1", "srv", ["grp", "0"]));
    const path = JSON.stringify(["conv-1", "grp,conv-1-grp-x1y2", "0,conv-1-0-x1y2"]);
    const query = [
      ["heat_root_stack_id", STACK],
      ["heat_resource_name", "srv"],
      ["heat_path_in_stack", path],
    ] as const;
    expect(await on.placements.list(query)).toMatchObject([{ resourceId: "nova-1" }]);
  });

  test("a stack that grew beyond its rules is read again, what is too much is refused, and what runs stays", async () => {
    const service = stacks();
    const before = await service.create(ADMIN, asking("nova-1", "m1", ["asg"]));
    const other = await service.create(ADMIN, asking("nova-2", "m2", ["asg"]));
    heat = async () =>
      recorded(["m1", "m2", "m3"].map((name) => ({ path: ["asg", name], type: "OS::Nova::Server", physicalId: null })));
    // Two racks for three servers that must be in different ones.
    for (const id of ["nova-3", "nova-4"])
      await expect(service.create(ADMIN, asking(id, "m3", ["asg"]))).rejects.toMatchObject({
        code: "placement.infeasible",
      });
    expect(logged).toEqual([expect.stringContaining("a stack has no place")]);
    // Nova's and Heat's next tries do not have it planned each time.
    expect(read).toBe(2);
    const [m1] = await on.placements.list([["resource_id", "nova-1"]]);
    const [m2] = await on.placements.list([["resource_id", "nova-2"]]);
    expect([m1!.location, m2!.location]).toEqual([hostOf(before), hostOf(other)]);
  });

  test("a member that is added to a group finds its place beside the others", async () => {
    const service = stacks();
    const stack = recorded();
    const resources = stack.template.resources as Record<string, { properties: Record<string, unknown> }>;
    heat = async () => stack;
    const zero = await service.create(ADMIN, asking("nova-0", "srv", ["grp", "0"]));
    const one = await service.create(ADMIN, asking("nova-1", "srv", ["grp", "1"]));
    resources.grp!.properties.count = 3;
    const two = await service.create(ADMIN, asking("nova-2", "srv", ["grp", "2"]));
    expect(two!.stackId).toBe(STACK);
    expect(new Set([zero, one, two].map(hostOf)).size).toBe(3);
    const plan = await on.plans.find(STACK);
    expect(plan.placements.filter(({ reserved }) => reserved)).toHaveLength(3);
  });

  test("servers that ran before anybody asked stay where they are, and hold what they held", async () => {
    await on.servers.apply([is("nova-0", "r1h1"), is("nova-1", "r0h0")]);
    const stack = recorded(
      ["0", "1"].map((at) => ({ path: ["grp", at, "srv"], type: "OS::Nova::Server", physicalId: `nova-${at}` })),
    );
    const { grp, gn } = stack.template.resources as Record<string, { properties: Record<string, unknown> }>;
    grp!.properties.count = 3;
    const template = { heat_template_version: "2016-10-14", resources: { grp, gn } };
    heat = async () => ({ ...stack, template });
    const placed = await stacks().create(ADMIN, asking("nova-2", "srv", ["grp", "2"]));
    expect(placed!.stackId).toBe(STACK);
    expect(["r1h1", "r0h0"]).not.toContain(hostOf(placed));
    const plan = await on.plans.find(STACK);
    expect(plan.placements.map(({ location }) => location).toSorted()).toEqual(
      ["r0h0", "r1h1", hostOf(placed)].toSorted(),
    );
    expect(on.inventory.inventory.vmCount).toBe(3);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("without a readable stack the server is planned alone, and Heat is left alone for a while", async () => {
    heat = async () => {
      throw new Error("Heat is away");
    };
    const service = stacks();
    expect(await service.create(ADMIN, asking("nova-1", "a1"))).toMatchObject({ stackId: "nova-1" });
    expect(await service.create(ADMIN, asking("nova-2", "a2"))).toMatchObject({ stackId: "nova-2" });
    expect(read).toBe(1);
    expect(logged[0]).toMatch(/a stack cannot be planned as one.*Heat is away/);
  });

  test("a Heat that takes too long keeps no server waiting, and its answer serves those that come later", async () => {
    let answer: (stack: HeatStack) => void = () => {};
    heat = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const service = stacks({ patienceMs: 50 });
    expect(await service.create(ADMIN, asking("nova-1", "b1"))).toMatchObject({ stackId: "nova-1" });
    answer(recorded());
    await expect.poll(async () => (await on.plans.list()).length, { timeout: 10_000 }).toBe(2);
    expect(await service.create(ADMIN, asking("nova-2", "b2"))).toMatchObject({ stackId: STACK });
  });

  test("a template that hides what a plan needs is named in the log", async () => {
    const stack = recorded();
    heat = async () => ({
      ...stack,
      parameters: new Map([...stack.parameters, ["size", "******"]]),
      template: {
        heat_template_version: "2016-10-14",
        parameters: { size: { type: "string", hidden: true } },
        resources: { a1: { type: "OS::Nova::Server", properties: { flavor: { get_param: "size" } } } },
      },
    });
    expect(await stacks().create(ADMIN, asking("nova-1", "a1"))).toMatchObject({ stackId: "nova-1" });
    expect(logged[0]).toMatch(/size.*it is hidden/);
  });

  test("patterns of parameters, which Heat has checked, are not tried again: they could take for ever", async () => {
    const stack = recorded();
    const parameters = { p: { type: "string", constraints: [{ allowed_pattern: "(a+)+b" }] } };
    const resources = { a1: { type: "OS::Nova::Server", properties: { flavor: "c1" } } };
    const template = { heat_template_version: "2016-10-14", parameters, resources };
    heat = async () => ({ ...stack, template, parameters: new Map([...stack.parameters, ["p", "a".repeat(50)]]) });
    expect(await stacks().create(ADMIN, asking("nova-1", "a1"))).toMatchObject({ stackId: STACK });
  });

  test("types that the environment gives other meanings, and values for parameters that nobody gives, are followed", async () => {
    const stack = recorded();
    const inner = `heat_template_version: 2016-10-14
parameters: { size: { type: string } }
resources:
  vm: { type: "OS::Nova::Server", properties: { flavor: { get_param: size } } }`;
    heat = async () => ({
      ...stack,
      files: new Map([["file:///home/u/vm.yaml", inner]]),
      registry: new Map([
        ["OS::Nova::Server", "file:///home/u/vm.yaml"],
        ["My::*", "OS::Nova::*"],
      ]),
      defaults: new Map([["size", "c1"]]),
      template: { heat_template_version: "2016-10-14", resources: { one: { type: "My::Server" } } },
    });
    expect(await stacks().create(ADMIN, asking("nova-1", "vm", ["one"]))).toMatchObject({ stackId: STACK });
    expect(logged).toEqual([]);
  });

  test("groups are those of the stack's owner, not of who asks", async () => {
    const group = await on.groups.create({ name: "mine", description: "", type: "exclusivity", level: "host" });
    await on.groups.addMembers(group.id, ["demo"]);
    const stack = recorded();
    const resources = {
      a1: { type: "OS::Nova::Server", properties: { flavor: "c1", metadata: { valet: { groups: ["mine"] } } } },
    };
    const template = { heat_template_version: "2016-10-14", resources };
    heat = async () => ({ ...stack, template, projectId: "demo" });
    expect(await stacks().create(ADMIN, asking("nova-1", "a1"))).toMatchObject({ stackId: STACK });
  });

  test("a user cannot have the stacks of others read", async () => {
    const user = { ...CALLER, roles: ["member"] };
    expect(await stacks().create(user, asking("nova-1", "a1"))).toMatchObject({ stackId: "nova-1" });
    expect(read).toBe(0);
  });

  test("a server whose user has hinted at the stack of another project gets no place in it", async () => {
    const service = stacks();
    await service.create(ADMIN, asking("nova-1", "a1"));
    const forged = asking("nova-2", "a2");
    Object.assign(forged.resources["nova-2"]!.metadata, { project_id: "other" });
    expect(await service.create(ADMIN, forged)).toMatchObject({ stackId: "nova-2" });
    const [a2] = (await on.plans.find(STACK)).placements.filter(({ name }) => name === "a2");
    const reservation = { action: "reserve", resourceId: "nova-3", locations: HOSTS } as const;
    const reserve = (projectId: string) => on.placements.reserve(a2!.id, { ...reservation, projectId });
    await expect(reserve("other")).rejects.toMatchObject({ code: "placement.not-found" });
    expect(await reserve(OWNER)).toMatchObject({ reserved: true, resourceId: "nova-3" });
    // It is this server's now, whoever asks for it.
    expect(await reserve("service")).toMatchObject({ resourceId: "nova-3" });
  });

  test("a server that comes with a larger flavor than planned holds that", async () => {
    const service = stacks();
    await service.create(ADMIN, asking("nova-1", "a1"));
    const larger = asking("nova-2", "a2");
    larger.resources["nova-2"]!.properties.flavor = "c4";
    await service.create(ADMIN, larger);
    const held = await on.store.read(allAllocations);
    expect(held.filter(({ resourceId }) => resourceId === "nova-2")).toMatchObject([{ vcpus: 4 }]);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("without Heat's hints nothing is read", async () => {
    const request = asking("nova-1", "a1");
    const bare = { ...request, resources: { "nova-1": { ...request.resources["nova-1"]!, metadata: {} } } };
    expect(await stacks().create(ADMIN, bare)).toMatchObject({ stackId: "nova-1" });
    expect(read).toBe(0);
  });

  test("two servers that ask at once never get the place of one", async () => {
    const service = stacks();
    const names = ["m1", "m2"];
    const both = await Promise.all(names.map((name) => service.create(ADMIN, asking(name, name, ["asg"]))));
    expect(new Set(both.map(rackOf)).size).toBe(2);
  });
});
