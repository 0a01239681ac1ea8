import { describe, expect, test } from "vitest";
import type { Host } from "../../../host/core/model.ts";
import type { Hypervisor } from "../../../host/openstack/nova.ts";
import type { Provider } from "../../../host/openstack/placement-api.ts";
import { type CapacityOptions, type CloudListing, cloudFacts } from "../../../host/services/cloud-facts.ts";
import { Topology } from "../../../host/services/topology.ts";

const machine = (host: string, more: Partial<Hypervisor> = {}): Hypervisor => ({
  id: `id-${host}`,
  node: host,
  host,
  vcpus: 10,
  ramMiB: 8192,
  diskGiB: 1000,
  freeDiskGiB: 1000,
  diskAvailableLeastGiB: 0,
  ...more,
});
const HOST = "pdk15r05c001";
const listing = (more: Partial<CloudListing> = {}): CloudListing => ({
  services: [{ host: HOST, zone: "nova", up: true }],
  hypervisors: [machine(HOST)],
  aggregates: [],
  flavors: [],
  providers: null,
  ...more,
});
const stock = (total: number, reserved: number, ratio: number, most = total) => ({ total, reserved, ratio, most });
const provider = (more: Partial<Provider> = {}): ReadonlyMap<string, Provider> =>
  new Map([
    [
      `id-${HOST}`,
      {
        uuid: `id-${HOST}`,
        name: HOST,
        vcpus: stock(10, 0, 16),
        ram: stock(8192, 512, 1.5),
        disk: stock(1000, 0, 1),
        traits: [],
        disabled: false,
        ...more,
      },
    ],
  ]);
const aggregate = (name: string, metadata: Record<string, string>, hosts = [HOST]) => ({ name, hosts, metadata });
const options = (more: Partial<CapacityOptions> = {}): CapacityOptions => ({
  ratios: { vcpus: 16, ramMiB: 1.5, diskGiB: 1 },
  standby: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
  reserved: { vcpus: 0, ramMiB: 512, diskGiB: 0 },
  topology: new Topology({
    order: ["aggregates", "names"],
    naming: { regionChars: 3, rackCodes: "r", nodeCodes: "a,c,u,f,o,p,s" },
    rackKey: "ostro:rack",
    clusterKey: "ostro:cluster",
    mapping: null,
  }),
  known: () => undefined,
  ...more,
});
const hostOf = (cloud: CloudListing, more?: Partial<CapacityOptions>): Host => {
  const [host] = cloudFacts(cloud, options(more)).dataCenter.hosts;
  return host!;
};
const free = ({ capacity, used }: Host) => [
  capacity.vcpus - used.vcpus,
  capacity.ramMiB - used.ramMiB,
  capacity.diskGiB - used.diskGiB,
];

describe("what a host may give away", () => {
  test("is what it has by the ratios of the settings when nobody else says", () => {
    const host = hostOf(listing());
    expect(host).toMatchObject({
      name: HOST,
      rack: "pdk15r05",
      zone: "nova",
      up: true,
      capacity: { vcpus: 160, ramMiB: 12_288, diskGiB: 1000 },
      physical: { vcpus: 10, ramMiB: 8192 },
      used: { vcpus: 0, ramMiB: 512, diskGiB: 0 },
    });
  });

  test("is what Placement gives away, to the unit", () => {
    expect(free(hostOf(listing({ providers: provider() })))).toEqual([160, (8192 - 512) * 1.5, 1000]);
    const odd = provider({ vcpus: stock(10, 3, 1.7), ram: stock(8191, 511, 1.3), disk: stock(1000, 50, 0.9) });
    const [vcpus, ramMiB, diskGiB] = free(hostOf(listing({ providers: odd })));
    expect(vcpus).toBe(Math.floor(7 * 1.7));
    expect(ramMiB).toBeLessThanOrEqual(7680 * 1.3);
    expect(ramMiB).toBeGreaterThan(7680 * 1.3 - 2);
    expect(diskGiB).toBe(855);
  });

  test("goes by the smallest ratio of its aggregates, and by what is a number there", () => {
    const aggregates = [
      aggregate("b", { cpu_allocation_ratio: "4", ram_allocation_ratio: "many" }),
      aggregate("a", { cpu_allocation_ratio: " 2.5 ", ram_allocation_ratio: "0", disk_allocation_ratio: "-1" }),
      aggregate("elsewhere", { cpu_allocation_ratio: "1" }, ["other"]),
    ];
    expect(hostOf(listing({ aggregates })).capacity).toEqual({ vcpus: 25, ramMiB: 12_288, diskGiB: 1000 });
  });

  test("is never more than Placement would take, whatever an aggregate says", () => {
    const aggregates = [aggregate("a", { cpu_allocation_ratio: "32", ram_allocation_ratio: "1" })];
    const host = hostOf(listing({ aggregates, providers: provider() }));
    expect(host.capacity.vcpus).toBe(160);
    expect(host.capacity.ramMiB - host.used.ramMiB).toBe(8192 - 512);
  });

  test("leaves the standby part free", () => {
    const standby = { vcpus: 20, ramMiB: 50, diskGiB: 100 };
    expect(hostOf(listing(), { standby }).capacity).toEqual({ vcpus: 128, ramMiB: 6144, diskGiB: 0 });
    expect(free(hostOf(listing({ providers: provider() }), { standby }))).toEqual([128, 5760, 0]);
  });

  test("is less by what others have on the disk, as far as that is known", () => {
    const disk = (freeDiskGiB: number | null, diskAvailableLeastGiB: number | null) =>
      hostOf(listing({ hypervisors: [machine(HOST, { freeDiskGiB, diskAvailableLeastGiB })] })).used.diskGiB;
    expect(disk(900, 700)).toBe(200);
    expect(disk(900, 950)).toBe(0);
    expect(disk(900, 0)).toBe(0);
    expect(disk(null, 700)).toBe(0);
    expect(disk(900, null)).toBe(0);
  });

  test("is what Placement says where Nova tells no sizes any more", () => {
    const hypervisors = [machine(HOST, { vcpus: null, ramMiB: null, diskGiB: null, freeDiskGiB: null })];
    const host = hostOf(listing({ hypervisors, providers: provider({ vcpus: stock(10, 0, 16, 8) }) }));
    expect(host).toMatchObject({ up: true, capacity: { vcpus: 160 }, physical: { vcpus: 8, ramMiB: 8192 } });
  });

  test("is no CPU where Placement knows the machine and offers none, as for bare metal", () => {
    const bare = new Map([[`id-${HOST}`, { uuid: `id-${HOST}`, name: HOST, traits: [], disabled: false }]]);
    expect(hostOf(listing({ providers: bare })).capacity).toMatchObject({ vcpus: 0, ramMiB: 0 });
  });

  test("is the sum of its machines, and no server may be larger than the largest", () => {
    const hypervisors = [machine(HOST), machine(HOST, { id: "2", node: "n2", vcpus: 4, ramMiB: 1024, diskGiB: 10 })];
    const ratios = { vcpus: 1, ramMiB: 1, diskGiB: 1 };
    expect(hostOf(listing({ hypervisors }), { ratios })).toMatchObject({
      capacity: { vcpus: 14, ramMiB: 9216, diskGiB: 1010 },
      physical: { vcpus: 10, ramMiB: 8192 },
    });
  });

  test("never leaves the range that the core counts in", () => {
    const hypervisors = [machine(HOST, { diskGiB: 1e15, ramMiB: 1e15 })];
    const host = hostOf(listing({ hypervisors }));
    expect(host.capacity.ramMiB).toBeLessThan(2 ** 31);
    expect(host.capacity.diskGiB).toBeLessThan(2 ** 31);
  });
});

describe("a host", () => {
  test("is down when its service is, or its machine is not seen", () => {
    expect(hostOf(listing({ services: [{ host: HOST, zone: "nova", up: false }] })).up).toBe(false);
    expect(hostOf(listing({ hypervisors: [] })).up).toBe(false);
  });

  test("is down when Placement says that its compute service is disabled, unless another machine of it is not", () => {
    expect(hostOf(listing({ providers: provider({ disabled: true }) })).up).toBe(false);
    const hypervisors = [machine(HOST), machine(HOST, { id: "2", node: "n2" })];
    expect(hostOf(listing({ hypervisors, providers: provider({ disabled: true }) })).up).toBe(true);
  });

  test("has the traits of its machines, each once, and those known before while Placement does not tell", () => {
    const [known] = [{ ...hostOf(listing()), traits: ["OLD"] }];
    const providers = new Map([
      ...provider({ traits: ["TPM", "AVX"] }),
      ...[...provider({ traits: ["AVX", "SSE"] }).values()].map((each) => ["2", { ...each, uuid: "2" }] as const),
    ]);
    const hypervisors = [machine(HOST), machine(HOST, { id: "2", node: "n2" })];
    expect(hostOf(listing({ hypervisors, providers }), { known: () => known }).traits).toEqual(["AVX", "SSE", "TPM"]);
    expect(hostOf(listing({ providers: new Map() }), { known: () => known }).traits).toEqual(["OLD"]);
    expect(hostOf(listing()).traits).toBeNull();
  });

  test("whose machine is not seen keeps what was known of it, and is told of when nothing was", () => {
    const before = hostOf(listing());
    const lost = listing({ services: [{ host: HOST, zone: null, up: false }], hypervisors: [] });
    expect(hostOf(lost, { known: () => before })).toEqual({ ...before, up: false });
    expect(cloudFacts(lost, options()).blind).toEqual([HOST]);
    expect(cloudFacts(lost, options({ known: () => before })).blind).toEqual([]);
  });

  test("a machine without a compute service is none", () => {
    expect(cloudFacts(listing({ services: [] }), options()).dataCenter.hosts).toEqual([]);
  });

  test("is in its aggregates, once each, whose metadata may name its rack and cluster", () => {
    const aggregates = [
      aggregate("z", { "ostro:rack": "r9" }, [HOST, HOST]),
      aggregate("a", { "ostro:cluster": "west", ssd: "true" }),
    ];
    const { dataCenter } = cloudFacts(listing({ aggregates }), options());
    expect(dataCenter.hosts[0]).toMatchObject({ aggregates: ["a", "z"], rack: "r9", cluster: "west" });
    expect(dataCenter.aggregates).toEqual({ z: { "ostro:rack": "r9" }, a: { "ostro:cluster": "west", ssd: "true" } });
    expect(dataCenter.racks).toEqual([{ name: "r9", uplinkKbps: null, uplinkUsedKbps: 0 }]);
  });

  test("hosts come in the order of their names, and a rack is in one cluster", () => {
    const names = ["pdk15r05c002", "pdk15r05c001", "pdk15r04c001"];
    const cloud = listing({
      services: names.map((host) => ({ host, zone: "nova", up: true })),
      hypervisors: names.map((host) => machine(host)),
      aggregates: [
        aggregate("a", { "ostro:cluster": "one" }, ["pdk15r05c001"]),
        aggregate("b", { "ostro:cluster": "two" }, ["pdk15r05c002"]),
      ],
    });
    expect(
      cloudFacts(cloud, options()).dataCenter.hosts.map(({ name, rack, cluster }) => [name, rack, cluster]),
    ).toEqual([
      ["pdk15r04c001", "pdk15r04", null],
      ["pdk15r05c001", "pdk15r05", "one"],
      ["pdk15r05c002", "pdk15r05", "one"],
    ]);
  });
});
