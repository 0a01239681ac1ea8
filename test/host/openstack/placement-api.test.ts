import { afterEach, beforeEach, expect, test } from "vitest";
import { CloudSession } from "../../../host/openstack/cloud-session.ts";
import { PlacementApi } from "../../../host/openstack/placement-api.ts";
import { StandInCloud } from "../../support/stand-in-cloud.ts";

let cloud: StandInCloud;
let session: CloudSession;
let placement: PlacementApi;
beforeEach(async () => {
  cloud = await StandInCloud.start();
  session = new CloudSession({ ...cloud.login, attempts: 1 });
  placement = new PlacementApi(session);
  for (const host of ["a", "b", "c"]) cloud.addHost(host);
});
afterEach(async () => {
  session.close();
  await cloud.stop();
});
const [A, B] = ["00000001-0000-4000-8000-000000000000", "00000001-0000-4000-8000-000000000001"];
const asked = (what: string) => cloud.paths().filter((path) => path.endsWith(what)).length;
const inventoriesAsked = () => asked("/inventories");

test("machines have what Placement says, by their UUID and by their name", async () => {
  cloud.traits[A!] = ["HW_CPU_X86_AVX"];
  const providers = await placement.providers();
  const expected = {
    uuid: A,
    name: "a",
    vcpus: { total: 10, reserved: 0, ratio: 16, most: 10 },
    ram: { total: 8192, reserved: 512, ratio: 1.5, most: 8192 },
    disk: { total: 1028, reserved: 0, ratio: 1, most: 1028 },
    traits: ["HW_CPU_X86_AVX"],
    disabled: false,
  };
  expect(providers!.get("a")).toEqual(expected);
  expect(providers!.get(A)).toEqual(expected);
});

test("only machines that changed are asked again", async () => {
  await placement.providers();
  expect(inventoriesAsked()).toBe(3);
  await placement.providers();
  expect(inventoriesAsked()).toBe(3);
  cloud.generation++;
  await placement.providers();
  expect([inventoriesAsked(), asked("/traits")]).toEqual([6, 6]);
});

test("a machine has the traits of the providers below it as well, and these are no machines", async () => {
  cloud.below = { "gpu-1": A!, "gpu-2": A! };
  cloud.traits = { [A!]: ["AVX"], [B!]: ["AVX"], "gpu-1": ["CUSTOM_GPU"], "gpu-2": ["CUSTOM_GPU"] };
  const providers = (await placement.providers())!;
  expect([...providers.get("a")!.traits].sort()).toEqual(["AVX", "CUSTOM_GPU"]);
  expect(providers.get("b")!.traits).toEqual(["AVX"]);
  expect(providers.size).toBe(6);
  delete cloud.below["gpu-1"];
  delete cloud.below["gpu-2"];
  expect((await placement.providers())!.get("a")!.traits).toEqual(["AVX"]);
});

test("a machine is disabled by its own trait, not by one below it", async () => {
  cloud.below = { "gpu-1": A! };
  cloud.traits = { [B!]: ["COMPUTE_STATUS_DISABLED"], "gpu-1": ["COMPUTE_STATUS_DISABLED"] };
  const providers = (await placement.providers())!;
  expect(["a", "b", "c"].map((name) => providers.get(name)!.disabled)).toEqual([false, true, false]);
});

test("an answer without traits ends the reading, and names without text are left out", async () => {
  cloud.traits[A!] = ["", "TPM", 7 as unknown as string];
  expect((await placement.providers())!.get("a")!.traits).toEqual(["TPM"]);
  cloud.generation++;
  cloud.tweak = ({ path }) => (path.endsWith("/traits") ? { body: { traits: "TPM" } } : undefined);
  await expect(placement.providers()).rejects.toMatchObject({
    code: "cloud.unreadable",
    message: expect.stringContaining("the answer has no traits"),
  });
});

test("dedicated CPUs count beside shared ones", async () => {
  cloud.inventories[A!].PCPU = { total: 6, reserved: 1, max_unit: 6, allocation_ratio: 1 };
  const { vcpus } = (await placement.providers())!.get("a")!;
  expect(vcpus).toMatchObject({ total: 16, reserved: 1, most: 10 });
  expect((vcpus!.total - vcpus!.reserved) * vcpus!.ratio).toBeCloseTo(10 * 16 + 5);
});

test("a machine that vanishes between two requests is left out", async () => {
  cloud.tweak = ({ path }) => (path.endsWith(`${B}/inventories`) ? { status: 404, body: {} } : undefined);
  expect([...(await placement.providers())!.keys()].filter((name) => name.length === 1)).toEqual(["a", "c"]);
});

test("a cloud without Placement has none", async () => {
  cloud.placement = false;
  expect(await placement.providers()).toBeNull();
  expect(await placement.held("s")).toEqual(new Map());
});

test("what a server holds is told by machine", async () => {
  cloud.allocations.s = { [A!]: { generation: 1, resources: { VCPU: 2, PCPU: 1, MEMORY_MB: 1024 } } };
  expect(await placement.held("s")).toEqual(new Map([[A, { vcpus: 3, ramMiB: 1024, diskGiB: 0 }]]));
  expect(await placement.held("nobody")).toEqual(new Map());
});

test("one that fails ends it, and the others are not asked to the end", async () => {
  for (let i = 0; i < 100; i++) cloud.addHost(`more-${i}`);
  cloud.tweak = ({ path }) => (path.endsWith("/inventories") ? { status: 500, body: {} } : undefined);
  await expect(placement.providers()).rejects.toMatchObject({ code: "cloud.unavailable" });
  expect(inventoriesAsked()).toBeLessThan(20);
});
