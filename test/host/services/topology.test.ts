import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Topology, type TopologyOptions } from "../../../host/services/topology.ts";
import { readHostMapping } from "../../../host/services/topology-file.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const folder = scratchFolders()();
let files = 0;
const file = (text: string) => {
  const path = join(folder, `${files++}.yaml`);
  writeFileSync(path, text);
  return path;
};
const MAP = `
hosts:
  - { host: db-west-1, rack: w9, nic: 25000 }
  - { host: db-*-*, rack: "$1-$2", cluster: $1, nic: 10000 }
  - { host: "node0?", rack: small }
  - { host: lonely }
racks:
  west-2: { uplink: 40000 }
  small: { cluster: edge, uplink: 0.5 }
`;
const topology = (options: Partial<TopologyOptions> = {}) =>
  new Topology({
    order: ["file", "aggregates", "names"],
    naming: { regionChars: 3, rackCodes: "r", nodeCodes: "a,c,u,f,o,p,s" },
    rackKey: "ostro:rack",
    clusterKey: "ostro:cluster",
    mapping: readHostMapping(file(MAP)),
    ...options,
  });

describe("a mapping file", () => {
  test.each([
    ["db-west-1", { rack: "w9", cluster: null, nicKbps: 25_000_000 }],
    ["db-west-2", { rack: "west-2", cluster: "west", nicKbps: 10_000_000 }],
    ["node07", { rack: "small", cluster: "edge", nicKbps: null }],
    ["lonely", { rack: null, cluster: null, nicKbps: null }],
    ["node007", { rack: null, cluster: null, nicKbps: null }],
  ])("says where %s stands", (host, seat) => {
    expect(topology().seatOf(host, [])).toEqual(seat);
  });

  test("says how fast the uplink of a rack is", () => {
    expect(topology().uplinkOf("west-2")).toBe(40_000_000);
    expect(topology().uplinkOf("small")).toBe(500);
    expect(topology().uplinkOf("w9")).toBeNull();
  });

  test("of JSON is one too, and an empty one names nothing", () => {
    const json = readHostMapping(file('{"hosts": [{"host": "a.b", "rack": "r"}]}'));
    expect(json.hostOf("a.b")).toMatchObject({ rack: "r" });
    expect(json.hostOf("axb")).toBeNull();
    expect(readHostMapping(file("hosts: []")).hostOf("a")).toBeNull();
  });

  test.each([
    ["hosts: 5", /hosts: .*array/],
    ["hosts: [{rack: a}]", /hosts\.0\.host: /],
    ["hosts: [{host: a, rak: b}]", /hosts\.0: .*rak/],
    ["hosts: [{host: a, nic: fast}]", /hosts\.0\.nic: /],
    ["racks: {a: {uplink: -1}}", /racks\.a\.uplink: /],
    ["hosts: [", /is not YAML: .*line 1/],
    ["5", /the file: /],
  ])("that says %s is refused with the place", (text, message) => {
    const path = file(text);
    expect(() => readHostMapping(path)).toThrow(expect.objectContaining({ code: "file.invalid" }));
    expect(() => readHostMapping(path)).toThrow(message);
    expect(() => readHostMapping(path)).toThrow(path);
  });

  test("that is not there is named", () => {
    expect(() => readHostMapping("/nowhere.yaml")).toThrow("/nowhere.yaml: cannot be read (ENOENT)");
  });
});

describe("several sources", () => {
  const metadata = [{ ssd: "true" }, { "ostro:rack": "from-aggregate", "ostro:cluster": "big" }];

  test("the first in the order that knows the rack tells it", () => {
    expect(topology().seatOf("db-west-1", metadata).rack).toBe("w9");
    expect(topology({ order: ["aggregates", "file"] }).seatOf("db-west-1", metadata).rack).toBe("from-aggregate");
    expect(topology().seatOf("pdk15r05c001", metadata).rack).toBe("from-aggregate");
    expect(topology().seatOf("pdk15r05c001", []).rack).toBe("pdk15r05");
  });

  test("rack and cluster may come from different ones", () => {
    expect(topology().seatOf("db-west-1", metadata)).toMatchObject({ rack: "w9", cluster: "big" });
  });

  test("one that is not in the order is not asked", () => {
    expect(topology({ order: ["names"] }).seatOf("db-west-1", metadata)).toMatchObject({ rack: null, cluster: null });
  });

  test("hosts without a rack are told of once", () => {
    const one = topology({ order: ["names"] });
    for (let i = 0; i < 2; i++) for (const host of ["compute-1", "pdk15r05c001", "x"]) one.seatOf(host, []);
    expect(one.takeFaults()).toEqual([
      { host: "compute-1", message: "invalid number of identification fields = 0" },
      { host: "x", message: "invalid number of identification fields = 0" },
    ]);
    one.seatOf("x", []);
    expect(one.takeFaults()).toEqual([]);
  });
});
