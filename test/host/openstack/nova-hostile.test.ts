// Whatever Nova, Placement or something between us and them answers: records, or an error that says what is wrong.
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AppError } from "../../../host/errors.ts";
import { CloudSession } from "../../../host/openstack/cloud-session.ts";
import { Nova } from "../../../host/openstack/nova.ts";
import { PlacementApi } from "../../../host/openstack/placement-api.ts";
import { type CloudListing, cloudFacts } from "../../../host/services/cloud-facts.ts";
import { Topology } from "../../../host/services/topology.ts";
import { propertySeed } from "../../support/property-seed.ts";
import { StandInCloud } from "../../support/stand-in-cloud.ts";

let cloud: StandInCloud;
let session: CloudSession;
beforeAll(async () => {
  cloud = await StandInCloud.start();
  session = new CloudSession({ ...cloud.login, attempts: 1 });
  for (const host of ["a", "b"]) cloud.addHost(host);
  cloud.addFlavor("1", "f", 1, 512, 1);
  cloud.addAggregate("g", ["a"], { x: "1" });
  cloud.addServer("a");
  cloud.groups = [{ id: "g", policy: "affinity", members: [] }];
  cloud.migrations = [{ id: 1, uuid: "m", instance_uuid: "s", status: "running" }];
});
afterAll(async () => {
  session.close();
  await cloud.stop();
});

const KEYS = [
  ...["services", "hypervisors", "aggregates", "flavors", "servers", "server_groups", "migrations"],
  ...["resource_providers", "inventories", "allocations"],
];

/** Everything that can be read, each by itself: what one finds does not keep the others from being read. */
const readings: readonly (() => Promise<void>)[] = [
  async () => {
    const nova = new Nova(session);
    const [services, hypervisors, aggregates] = [
      await nova.services(),
      await nova.hypervisors(),
      await nova.aggregates(),
    ];
    checkHosts({ services, hypervisors, aggregates, flavors: [], providers: null });
  },
  async () => {
    const providers = await new PlacementApi(session).providers();
    const services = [...providers!.keys()].map((host) => ({ host, zone: null, up: true }));
    const nothing = { vcpus: null, ramMiB: null, diskGiB: null, freeDiskGiB: null, diskAvailableLeastGiB: null };
    const hypervisors = services.map(({ host }) => ({ id: host, node: host, host, ...nothing }));
    checkHosts({ services, hypervisors, aggregates: [], flavors: [], providers });
  },
  async () => {
    for (const size of (await new PlacementApi(session).held("s")).values()) checkSizes({ ...size });
  },
  async () => {
    for (const { vcpus, ramMiB, diskGiB } of await new Nova(session).flavors()) checkSizes({ vcpus, ramMiB, diskGiB });
  },
  async () => {
    for (const { mostPerHost } of await new Nova(session).serverGroups()) checkSizes({ mostPerHost });
  },
  async () => {
    await new Nova(session).migrations();
  },
  async () => {
    for await (const page of new Nova(session).servers(() => undefined))
      for (const server of page) if (!server.gone) checkSizes({ ...server.record.size });
  },
];

function checkHosts(listing: CloudListing): void {
  const none = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
  const { dataCenter } = cloudFacts(listing, {
    ratios: { vcpus: 1, ramMiB: 1, diskGiB: 1 },
    standby: none,
    reserved: none,
    topology: new Topology({
      order: ["aggregates", "names"],
      naming: { regionChars: 3, rackCodes: "r", nodeCodes: "c" },
      rackKey: "x",
      clusterKey: "y",
      mapping: null,
    }),
    known: () => undefined,
  });
  for (const { capacity, used, physical } of dataCenter.hosts)
    for (const sizes of [capacity, used, physical]) checkSizes({ ...sizes });
}

function checkSizes(sizes: Readonly<Record<string, number>>): void {
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 0 || size >= 2 ** 31) throw new Error(`${name} is ${size}`);
}

let wentWell = 0;

const survives = async (text: (key: string, isFirst: boolean) => string) => {
  cloud.tweak = ({ path, query }) => {
    const key = KEYS.findLast((name) => path.includes(name) || path.includes(name.replace("_", "-")));
    if (path.startsWith("/identity") || path.endsWith("/v2.1/") || path.endsWith("/placement/")) return undefined;
    return { body: text(key!, !query.has("marker") && !query.has("offset")) };
  };
  for (const reading of readings) {
    const error = await reading().catch((thrown: unknown) => thrown);
    if (error === undefined) {
      wentWell++;
      continue;
    }
    expect(error).toBeInstanceOf(AppError);
    expect((error as Error).message).toMatch(/compute|placement|http|Nova/);
    expect((error as Error).message).not.toContain("\n");
  }
};

test("lists of anything", async () => {
  const entries = fc.array(fc.oneof(fc.jsonValue(), fc.record({ id: fc.jsonValue(), host: fc.jsonValue() })));
  await fc.assert(
    fc.asyncProperty(entries, (list) => survives((key) => JSON.stringify({ [key]: list }))),
    { numRuns: 60, seed: propertySeed },
  );
});

test("entries whose fields are anything", async () => {
  const form = Object.assign(
    {},
    ...cloud.services,
    ...cloud.hypervisors,
    ...cloud.aggregates,
    ...cloud.flavors,
    ...cloud.servers,
    ...Object.values(cloud.inventories),
    { binary: "nova-compute", service: { host: "x" } },
  );
  const fields = Object.keys(form);
  const changed = fc.dictionary(
    fc.constantFrom(...fields, "total", "reserved", "max_unit", "allocation_ratio", "VCPU", "PCPU", "rules"),
    fc.oneof(fc.jsonValue(), fc.double(), fc.constant(null)),
  );
  await fc.assert(
    fc.asyncProperty(changed, (fieldsChanged) => {
      const entry = { ...form, id: "x", uuid: "x", ...fieldsChanged };
      const stock = { total: 5, reserved: 1, max_unit: 5, allocation_ratio: 2, ...fieldsChanged };
      return survives((key, isFirst) => {
        if (key === "inventories")
          return JSON.stringify({ inventories: { VCPU: stock, MEMORY_MB: stock, DISK_GB: stock } });
        if (key === "allocations") return JSON.stringify({ allocations: { x: { resources: fieldsChanged } } });
        if (key === "resource_providers") return JSON.stringify({ [key]: [{ ...entry, uuid: "y", name: "n" }] });
        return JSON.stringify({ [key]: isFirst ? [entry] : [] });
      });
    }),
    { numRuns: 150, seed: propertySeed },
  );
  // The greater part of the readings makes something of it.
  expect(wentWell).toBeGreaterThan(150 * 4);
});

test("pages that are cut anywhere, and text that is no JSON", async () => {
  const whole = JSON.stringify({ servers: cloud.servers });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.nat(whole.length).map((at) => whole.slice(0, at)),
        fc.string(),
      ),
      (text) => survives(() => text),
    ),
    { numRuns: 60, seed: propertySeed },
  );
});
