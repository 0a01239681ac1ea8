// `ostro serve --datacenter nova` as a process.
import { afterEach, beforeEach, expect, test } from "vitest";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { StandInCloud } from "../../support/stand-in-cloud.ts";
import { run, start } from "./command.ts";

const folder = scratchFolders();
let cloud: StandInCloud;
beforeEach(async () => {
  cloud = await StandInCloud.start();
  cloud.addHost("xyz01r01c001");
  cloud.addHost("storage-7");
  cloud.addFlavor("1", "m1.tiny", 1, 512, 1);
});
afterEach(() => cloud.stop());

const SECRET = { OSTRO_KEYSTONE_PASSWORD: "secret" };
const flags = () => [
  ...["serve", "--valet-port", "0", "--valence-port", "0", "--database", "memory:", "--state-dir", folder()],
  ...["--datacenter", "nova", "--cloud-auth-url", cloud.login.url, "--workers", "1"],
];
const listings = () => cloud.paths().filter((path) => path.endsWith("/os-aggregates")).length;

test("SIGHUP has everything read again, and hosts without a rack are named once", async () => {
  const server = start(flags(), SECRET);
  try {
    await server.printed(/^Ostro is ready/);
    expect(listings()).toBe(1);
    server.child.kill("SIGHUP");
    await expect.poll(listings, { timeout: 10_000 }).toBe(2);
    server.child.kill("SIGHUP");
    await expect.poll(listings, { timeout: 10_000 }).toBe(3);
    await expect.poll(() => server.output().err.match(/"the cloud was read"/g)?.length, { timeout: 10_000 }).toBe(3);
    const warnings = server
      .output()
      .err.split("\n")
      .filter((line) => line.includes("rack-level group"));
    expect(warnings).toHaveLength(1);
    expect(JSON.parse(warnings[0]!)).toMatchObject({
      count: 1,
      hosts: ["storage-7: invalid number of identification fields = 0"],
    });
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
  } finally {
    server.child.kill("SIGKILL");
  }
});

test("a wrong password ends it with one line that names the user, not the password", async () => {
  const { code, err } = await run(flags(), { OSTRO_KEYSTONE_PASSWORD: "not-this-one" });
  expect(code).toBe(1);
  expect(err).toContain("answered 401 to the log-in of user ostro");
  expect(err).not.toContain("not-this-one");
});

test("the password is asked for before anything is opened", async () => {
  const { code, err } = await run(flags());
  expect(code).toBe(2);
  expect(err).toMatch(/--datacenter nova needs the service user's OSTRO_KEYSTONE_PASSWORD/);
});
