import { afterEach, beforeEach, expect, test } from "vitest";
import { CloudSession } from "../../../host/openstack/cloud-session.ts";
import { HeatApi } from "../../../host/openstack/heat.ts";
import { heatAnswer, OWNER, recordedHeat, recordedLookup, STACK } from "../../support/recorded-stack.ts";
import { StandInCloud } from "../../support/stand-in-cloud.ts";

let cloud: StandInCloud;
let session: CloudSession;
let heat: HeatApi;
beforeEach(async () => {
  cloud = await StandInCloud.start();
  cloud.tweak = ({ path }) => answerAt(path, heatAnswer);
  session = new CloudSession({ ...cloud.login, attempts: 1 });
  heat = new HeatApi(session);
});
afterEach(async () => {
  session.close();
  await cloud.stop();
});

function answerAt(path: string, answer: typeof heatAnswer): ReturnType<typeof heatAnswer> {
  const below = /^\/heat\/v1\/\w+\/stacks(\/.*)$/.exec(path)?.[1];
  return below === undefined ? undefined : answer(below);
}

/** The recorded answers, one of them otherwise. */
function otherwise(end: string, answer: ReturnType<typeof heatAnswer>): void {
  cloud.tweak = ({ path }) => answerAt(path, (below) => (below.endsWith(end) ? answer : heatAnswer(below)));
}

test("a stack of another project is read whole", async () => {
  const stack = (await heat.stack(STACK))!;
  expect(stack).toMatchObject({ id: STACK, name: "conv-1", projectId: OWNER });
  expect(stack.parameters.get("OS::stack_name")).toBe("conv-1");
  expect(Object.keys(stack.template.resources as object)).toHaveLength(11);
  expect([...stack.files.keys()]).toEqual(["inner.yaml"]);
  expect(stack.registry.get("inner.yaml")).toBe("inner.yaml");
});

test("what has been made is known by its path through all nested stacks", async () => {
  const { resources } = (await heat.stack(STACK))!;
  const servers = resources.filter(({ type }) => type === "OS::Nova::Server").map(({ path }) => path.join("/"));
  expect(servers.toSorted()).toEqual([
    "a1",
    "a2",
    "asg/6da7cfu4l5wg",
    "asg/dkftlf33ztmi",
    "b1",
    "b2",
    "grp/0/srv",
    "grp/1/srv",
  ]);
  expect(resources.find(({ path }) => path.join("/") === "a1")!.physicalId).toMatch(/^faec4100-/);
});

test("the address that Heat names is never followed, only its name is taken", async () => {
  const elsewhere = `http://169.254.169.254/v1/x/stacks/conv-1/${STACK}`;
  cloud.tweak = ({ path }) =>
    answerAt(path, (below) =>
      below === `/${STACK}` ? { status: 302, headers: { Location: elsewhere }, body: "" } : heatAnswer(below),
    );
  expect((await heat.stack(STACK))!.name).toBe("conv-1");
});

test("a stack that Heat does not know, or that no stack can be called, is none", async () => {
  expect(await heat.stack("6d471b99-22af-41f2-bc71-5f39b965b000")).toBeNull();
  expect(await heat.stack("../../etc")).toBeNull();
});

test("a stack that is deleted while it is read is none", async () => {
  otherwise("/template", { status: 404, body: {} });
  expect(await heat.stack(STACK)).toBeNull();
});

test("a service user without the role is told what is missing", async () => {
  cloud.tweak = ({ path }) => answerAt(path, () => ({ ...recordedLookup(403), body: {} }));
  await expect(heat.stack(STACK)).rejects.toMatchObject({
    code: "cloud.unreadable",
    message: expect.stringContaining("the service user lacks the role admin"),
  });
});

test("a Heat that is away is told with the address", async () => {
  cloud.tweak = ({ path }) => (path.startsWith("/heat") ? "cut" : undefined);
  await expect(heat.stack(STACK)).rejects.toMatchObject({
    code: "cloud.unavailable",
    message: expect.stringContaining("/heat/v1/"),
  });
});

test.each([
  ["facts of another form", "", { body: { stack: [] } }],
  ["no template", "/template", { body: [1] }],
  ["an error page", "/files", { status: 500, body: "<html>" }],
])("%s are an error and no crash", async (_, end, answer) => {
  otherwise(`/conv-1/${STACK}${end}`, answer);
  await expect(heat.stack(STACK)).rejects.toMatchObject({ code: expect.stringMatching(/^cloud\./) });
});

test("resources that say nothing of themselves, or that hold one another, are left out", async () => {
  const [first] = recordedHeat("resources").resources;
  const inside = (name: string, stack: string) => ({
    ...first,
    resource_name: name,
    physical_resource_id: name,
    links: [{ rel: "stack", href: `http://heat/v1/p/stacks/n/${stack}` }],
  });
  const body = { resources: [null, 7, {}, { ...first, links: null }, inside("x", "y"), inside("y", "x"), first] };
  otherwise("/resources", { body });
  expect((await heat.stack(STACK))!.resources.map(({ path }) => path.join("/"))).toEqual([first.resource_name]);
});
