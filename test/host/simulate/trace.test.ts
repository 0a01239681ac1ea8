import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { LocalSolver } from "../../../host/core/solver.ts";
import type { AppError } from "../../../host/errors.ts";
import { Replay } from "../../../host/simulate/replay.ts";
import { type Arrival, readTrace } from "../../../host/simulate/trace.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const folder = scratchFolders()();
let files = 0;
function file(text: string): string {
  const path = join(folder, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}
const dataCenter = simulatedDataCenter("sim:1x2");
const solver = new LocalSolver();

async function read(text: string): Promise<Arrival[]> {
  const arrivals: Arrival[] = [];
  for await (const arrival of readTrace(file(text), dataCenter.flavors)) arrivals.push(arrival);
  return arrivals;
}

/** What a replay says is wrong, without the file's name, in one line. */
async function faultOf(text: string): Promise<string> {
  const trace = file(text);
  const run = new Replay(dataCenter, solver, { trace }).run(readTrace(trace, dataCenter.flavors));
  const error: AppError = await run.then(
    () => expect.fail("nothing was wrong"),
    (error) => error,
  );
  expect(error.code).toBe("file.invalid");
  expect(error.message.startsWith(trace)).toBe(true);
  return error.message.slice(trace.length).replaceAll("\n", " ");
}

describe("readTrace", () => {
  test("a line says when a VM comes, how large it is and when it leaves", async () => {
    expect(await read("time,id,vcpus,mem_mb,disk_gb,lifetime\n5,a,2,1024,10,60\n")).toMatchObject([
      { line: 2, time: 5, id: "a", need: { vcpus: 2, ramMiB: 1024, diskGiB: 10 }, departure: 65 },
    ]);
  });

  test("columns may come in any order, by other names and in any case; those it does not know are left alone", async () => {
    const [arrival] = await read("owner,VM ID,Memory,Cores,End-Time,Timestamp\nme,a,512,1,9,0.5\n");
    expect(arrival).toMatchObject({
      time: 0.5,
      id: "a",
      need: { vcpus: 1, ramMiB: 512, diskGiB: 0 },
      departure: 9,
    });
  });

  test("a flavor gives sizes and extra specs; where a line names none, its own sizes count", async () => {
    const [flavored, sized] = await read("time,id,flavor,vcpus,mem_mb\n0,a,sflavor0,,\n0,b,,3,300\n");
    expect(flavored).toMatchObject({ need: { vcpus: 1, ramMiB: 2000, diskGiB: 40 }, departure: null });
    expect(Object.keys(flavored!.extraSpecs)).toHaveLength(1);
    expect(sized).toMatchObject({ need: { vcpus: 3, ramMiB: 300, diskGiB: 0 }, extraSpecs: {} });
  });

  test("quotes, blanks, comments, empty lines and a byte order mark are as usual in CSV", async () => {
    const text = '\uFEFF# made by hand\ntime, id, flavor\n\n0, "a, b", m1.tiny\n# so far\n1, c#1, m1.tiny\n';
    for (const ending of [text, text.replaceAll("\n", "\r\n")])
      expect((await read(ending)).map(({ line, id }) => [line, id])).toEqual([
        [4, "a, b"],
        [6, "c#1"],
      ]);
  });

  test.each([
    ["1,a,-2,1000,5", /:2: vcpus: it is "-2". It must be a whole number from 0 to 2147483647./],
    ["1,a,1.5,1000,5", /:2: vcpus: it is "1.5". It must be a whole number/],
    ["1,a,1,99999999999,5", /:2: mem_mb: it is "99999999999". It must be a whole number/],
    ["1,a,,1000,5", /:2: vcpus: it is empty. It must be a whole number/],
    ["1,a,1,1000", /:2: it has 4 fields. The header has 5./],
    ["-1,a,1,1000,5", /:2: time: it is "-1". It must be seconds, a number from 0/],
    ["1,,1,1000,5", /:2: id: it is empty. It must be a name./],
    ["1,a,1,1000,soon", /:2: lifetime: it is "soon". It must be seconds/],
    ["\n2,a,1,1000,5\n1,b,1,1000,5", /:4: time: 1 comes after 2 \(line 3\). The lines must be in order of time/],
    ["1,a,1,1000,5\n2,a,1,1000,5", /:3: VM \(a\) runs already. Give each VM its own id./],
    ['1,"a,1,1000,5\n', /:\d: no CSV, /],
  ])("a bad line is named with what is wrong and what would be right: %j", async (line, message) => {
    expect(await faultOf(`time,id,vcpus,mem_mb,lifetime\n${line}\n`)).toMatch(message);
  });

  test.each([
    ["", /:1: it is empty. The first line must name the columns./],
    ["id,flavor\n", /:1: no column "time"/],
    ["time,id,vcpus\n", /:1: no column "flavor" \(or "mem_mb"\)/],
    ["time,id,flavor,cpu,vcpus\n", /:1: columns cpu and vcpus mean the same/],
    ["time,id,flavor,end,lifetime\n", /:1: columns lifetime and end both say when a VM leaves/],
    ["time,id,flavor\n1,a,huge\n", /:2: flavor: it is "huge". It must be a flavor of the data center \(m1.tiny, /],
    ["time,id,flavor,end\n5,a,m1.tiny,4\n", /:2: end: it is "4". It must be empty, or not before the arrival \(5\)/],
    ["time,id,flavor,groups\n5,a,m1.tiny,rack:x\n", /:2: groups: it is "rack:x". It must be level:TYPE:name/],
    [
      "time,id,flavor,groups\n5,a,m1.tiny,host:DIV:g rack:AFF:g\n",
      /:2: group \(rack:AFF:g\) and group \(host:DIV:g\) have the same name/,
    ],
  ])("a bad header or cell is told as such: %j", async (text, message) => {
    expect(await faultOf(text)).toMatch(message);
  });

  test("a file without an end of line is refused before it fills the memory", async () => {
    expect(await faultOf(`time,id,flavor\n${"x".repeat(200_000)}`)).toMatch(/:2: no CSV, /);
  });
});
