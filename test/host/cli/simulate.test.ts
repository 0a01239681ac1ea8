import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { run } from "./command.ts";

const scratch = scratchFolders();
const folder = scratch();
let files = 0;
function file(content: string, ending = "csv"): string {
  const path = join(folder, `${files++}.${ending}`);
  writeFileSync(path, content);
  return path;
}
const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

const host = (name: string, rack: string) => ({
  name,
  rack,
  cluster: null,
  az: null,
  aggregates: [],
  status: "up",
  capacity: { vcpus: 4, mem_mb: 8000, disk_gb: 100 },
  used: { vcpus: 0, mem_mb: 0, disk_gb: 0 },
});
/** Two hosts of 4 vCPU in two racks. */
const dataCenter = file(
  JSON.stringify({ format: "placement-problem/1", hosts: [host("h0", "r0"), host("h1", "r1")] }),
  "json",
);

async function simulate(trace: string, ...more: string[]) {
  const out = scratch();
  const { code, out: text, err } = await run(["simulate", trace, "--out", out, "--json", ...more]);
  return { code, err, out, result: code === 0 || code === 3 ? JSON.parse(text) : null };
}
const replay = (lines: string[], ...more: string[]) =>
  simulate(file(`${lines.join("\n")}\n`), "--datacenter", dataCenter, ...more);

describe("ostro simulate TRACE.csv", () => {
  test("what finds no place is counted, by the rule that left no host", async () => {
    const { code, result } = await replay([
      "time,id,vcpus,mem_mb,disk_gb,lifetime",
      "0,a,4,1000,10,",
      "1,b,4,1000,10,",
      "2,c,1,1000,10,",
      "3,d,5,1000,10,",
    ]);
    expect(code).toBe(0);
    expect(result).toMatchObject({ arrived: 4, placed: 2, refused: 2, departed: 0, running: 2 });
    expect(result.refused_by).toEqual({ "vcpu-capacity": 1, "machine-size": 1 });
    expect(result.refused_proven).toBe(2);
    expect(result.first_refusals.map((one: { name: string; line: number }) => [one.name, one.line])).toEqual([
      ["c", 4],
      ["d", 5],
    ]);
    expect(result.levels.vcpus).toEqual({ mean: 0.83333, peak: 1, end: 1 });
    expect(result.levels.hosts).toEqual({ mean: 1.66667, peak: 2, end: 2 });
  });

  test("what leaves makes room from that moment on, and not before", async () => {
    const lines = ["time,id,cores,memory,end", "0,a,4,8000,10", "0,b,4,8000,", "9.5,early,4,100,", "10,late,4,100,"];
    const { result } = await replay(lines);
    expect(result).toMatchObject({ arrived: 4, placed: 3, refused: 1, departed: 1, running: 2 });
    expect(result.first_refusals.map((one: { name: string }) => one.name)).toEqual(["early"]);
  });

  test("an application is planned as a whole: its groups hold, or none of it runs", async () => {
    const { result } = await replay([
      "time,id,vcpus,mem_mb,app,groups",
      "0,web1,1,100,web,rack:DIV:web-apart",
      "0,web2,1,100,web,rack:DIV:web-apart",
      "5,db1,1,100,db,host:DIV:db-apart",
      "5,db2,1,100,db,host:DIV:db-apart",
      "5,db3,1,100,db,host:DIV:db-apart",
      "6,web3,1,100,,rack:DIV:web-apart",
      "7,one,1,100,twice,host:EX:mine",
      "8,two,1,100,twice,",
    ]);
    // The last two are planned one after the other, since they do not come together.
    expect(result).toMatchObject({ applications: 5, arrived: 8, placed: 3, refused: 5 });
    expect(result.levels.hosts.end).toBe(2);
    expect(result.first_refusals).toMatchObject([
      { name: "db", vms: 3, line: 4 },
      { name: "web3", vms: 1, line: 7 },
      { name: "twice", vms: 1, line: 8 },
    ]);
  });

  test("flavors are those of the data center, or the simulated ones where it has none", async () => {
    const lines = ["time,id,flavor,lifetime", "0,a,m1.small,"];
    const { code, result } = await replay(lines);
    expect([code, result.placed, result.levels.vcpus.end]).toEqual([0, 1, 0.125]);
  });

  test("equal trace and seed give an equal report, but for the times", async () => {
    const trace = fixture("traces/small.csv");
    const [one, two] = [await simulate(trace, "--seed", "5"), await simulate(trace, "--seed", "5")];
    expect({ ...one.result, ms: null }).toEqual({ ...two.result, ms: null });
    for (const picture of ["utilisation.svg", "hosts.svg", "refusals.svg"])
      expect(readFileSync(join(one.out, picture), "utf8")).toBe(readFileSync(join(two.out, picture), "utf8"));
    expect(one.result.levels.hosts.mean).toBeGreaterThanOrEqual(one.result.levels.least_hosts.mean);
    expect(one.result.refused).toBeGreaterThan(0);
    expect(one.result.placed + one.result.refused).toBe(1500);
  });

  test("the report is a page with its pictures and figures; nothing but the table is printed", async () => {
    const out = scratch();
    const { code, out: text, err } = await run(["simulate", fixture("traces/small.csv"), "--out", out]);
    expect([code, err]).toEqual([0, ""]);
    expect(text).toMatch(/^arrived {3}1,500 VMs in 1,238 applications over 2 d 22 h$/m);
    expect(text).toMatch(/^hosts \(of 64\) +[\d.]+ +64 +\d+$/m);
    expect(text).toContain(`Report: ${join(out, "index.html")}`);
    const pictures = ["hosts.svg", "plan-time.svg", "refusals.svg", "utilisation.svg"];
    expect(readdirSync(out).sort()).toEqual([...pictures, "index.html", "summary.json"].sort());
    const page = readFileSync(join(out, "index.html"), "utf8");
    for (const picture of pictures) expect(page).toContain(`src="${picture}"`);
    expect(readFileSync(join(out, "utilisation.svg"), "utf8")).toMatch(/<svg.*vCPU.*RAM.*disk/s);
  });

  test("a bad line is named in one line with what is wrong and what would be right", async () => {
    const path = file("time,id,vcpus,mem_mb\n1,a,1,1000\n2,b,-2,1000\n");
    const { code, out, err } = await run(["simulate", path, "--out", scratch()]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toBe(`ostro: ${path}:3: vcpus: it is "-2". It must be a whole number from 0 to 2147483647.\n`);
  });

  test("a trace that is not there is a bad file", async () => {
    const { code, err } = await run(["simulate", join(folder, "nowhere.csv")]);
    expect([code, err]).toEqual([2, `ostro: ${join(folder, "nowhere.csv")}: cannot be read (ENOENT)\n`]);
  });

  test("a header alone is a trace without arrivals", async () => {
    const { code, result } = await replay(["time,id,flavor"]);
    expect([code, result.arrived, result.levels.hosts.mean, result.ms.plan.max]).toEqual([0, 0, 0, 0]);
  });
});

describe("ostro simulate CASE.json", () => {
  const path = fixture("cloud-balancing/100computers-300processes.json");

  test("every process has a computer with room for it, and no fewer computers are used than are needed", async () => {
    const { code, result, out } = await simulate(path);
    expect(code).toBe(0);
    const { computerList, processList } = JSON.parse(readFileSync(path, "utf8"));
    const left = new Map<string, Record<string, number>>(
      computerList.map((computer: Record<string, number>) => [`computer-${computer.id}`, { ...computer }]),
    );
    for (const process of processList) {
      const computer = left.get(result.placements[`process-${process.id}`])!;
      computer.cpuPower! -= process.requiredCpuPower;
      computer.memory! -= process.requiredMemory;
      computer.networkBandwidth! -= process.requiredNetworkBandwidth;
    }
    for (const { cpuPower, memory, networkBandwidth } of left.values())
      expect(Math.min(cpuPower!, memory!, networkBandwidth!)).toBeGreaterThanOrEqual(0);
    const used = new Set<string>(Object.values(result.placements));
    expect(result.computers_used).toBe(used.size);
    expect(result.least_computers).toBeGreaterThan(0);
    expect(result.computers_used).toBeGreaterThanOrEqual(result.least_computers);
    expect(result.cost).toBe([...used].reduce((sum, name) => sum + left.get(name)!.cost!, 0));
    expect(readdirSync(out).sort()).toEqual(["fill.svg", "index.html", "summary.json"]);
  });

  test("a process that no computer holds is a refusal, exit code 3", async () => {
    const computer = { id: 0, cpuPower: 4, memory: 4, networkBandwidth: 4, cost: 10 };
    const process = { id: 0, requiredCpuPower: 1, requiredMemory: 1, requiredNetworkBandwidth: 5, computer: null };
    const content = JSON.stringify({ computerList: [computer], processList: [process] });
    const { code, result } = await simulate(file(content, "json"));
    expect([code, result.placed, result.proven]).toEqual([3, false, true]);
    expect(result.reason).toMatch(/process-0/);
  });

  test.each([
    ['{"computerList": [}', /:1:19: no JSON, expected/],
    ['{"processList": []}', /:1: computerList: It must be a list of computers/],
    ['{"computerList": [],\n "processList": [{"id": -1}]}', /:2: processList\[0\].id: It must be a whole number/],
  ])("a damaged case is named with the line: %j", async (content, message) => {
    const { code, err } = await run(["simulate", file(content, "json"), "--out", scratch()]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test("a case brings its own computers, so --datacenter does not go with it", async () => {
    const { code, err } = await run(["simulate", path, "--datacenter", "sim:1x1"]);
    expect([code, err]).toEqual([2, "ostro: --datacenter goes with a trace only\n"]);
  });
});
