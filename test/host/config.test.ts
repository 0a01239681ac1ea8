import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Config, readConfig, SETTING_KEYS, SETTINGS, variableOf } from "../../host/config.ts";
import { LONGEST_DEADLINE_MS, MOST_BUDGET } from "../../host/core/task.ts";
import { scratchFolders } from "../support/scratch-folder.ts";

const folder = scratchFolders()();
let files = 0;
function fileWith(content: unknown): string {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}
const read = (sources: Partial<Parameters<typeof readConfig>[0]>): Config =>
  readConfig({ flags: {}, environment: {}, ...sources });

describe("precedence", () => {
  test("without anything said the defaults hold", () => {
    expect(read({})).toMatchObject({
      host: "127.0.0.1",
      valetPort: 8090,
      valencePort: 8181,
      datacenter: "sim:4x16",
      identity: "local",
      adminRequired: "groups_and_migrate",
      bodyLimitBytes: 8_388_608,
    });
  });

  test("a flag goes before the environment, that before the file, that before the default", () => {
    const file = fileWith({ valetPort: 1, valencePort: 2, workers: 3 });
    const environment = { OSTRO_VALET_PORT: "10", OSTRO_VALENCE_PORT: "20" };
    expect(read({ flags: { valetPort: "100" }, environment, file })).toMatchObject({
      valetPort: 100,
      valencePort: 20,
      workers: 3,
      logLevel: "info",
    });
  });

  test("the embedded store lives in the state directory unless told otherwise", () => {
    expect(read({}).database).toBe("pglite:.ostro/data");
    expect(read({ flags: { stateDir: "/var/lib/ostro" } }).database).toBe("pglite:/var/lib/ostro/data");
    expect(read({ flags: { stateDir: "/x", database: "memory:" } }).database).toBe("memory:");
  });
});

test("the search has no limits of its own unless they are set, and takes any that can be set", () => {
  expect(read({})).toMatchObject({ planBudget: null, planDeadlineMs: null });
  const environment = { OSTRO_PLAN_BUDGET: `${MOST_BUDGET}`, OSTRO_PLAN_DEADLINE_MS: `${LONGEST_DEADLINE_MS}` };
  expect(read({ environment })).toMatchObject({ planBudget: MOST_BUDGET, planDeadlineMs: LONGEST_DEADLINE_MS });
  for (const flags of [{ planBudget: `${MOST_BUDGET + 1}` }, { planDeadlineMs: `${LONGEST_DEADLINE_MS + 1}` }])
    expect(() => read({ flags })).toThrow("whole number");
});

describe("what is wrong is named in one line", () => {
  const cases: [name: string, sources: Partial<Parameters<typeof readConfig>[0]>, message: RegExp][] = [
    ["a port that is no number", { flags: { valetPort: "abc" } }, /^--valet-port: .*whole number.*65535, got "abc"$/],
    ["a port beyond the range", { environment: { OSTRO_VALET_PORT: "65536" } }, /^OSTRO_VALET_PORT: /],
    ["a deadline already past", { flags: { planDeadlineMs: "0" } }, /^--plan-deadline-ms: .*from 1/],
    ["a negative budget", { environment: { OSTRO_PLAN_BUDGET: "-1" } }, /^OSTRO_PLAN_BUDGET: .*from 0/],
    ["no workers", { flags: { workers: "0" } }, /^--workers: .*from 1/],
    ["a fraction in the file", { file: fileWith({ workers: 1.5 }) }, /\.json: workers: expected a whole number/],
    [
      "another database",
      { flags: { database: "mysql://u:pw@h/d" } },
      /^--database: expected postgres:.*mysql:\/\/u:…@/,
    ],
    ["another data center", { flags: { datacenter: "sim:4" } }, /^--datacenter: expected FILE\.json, sim:RACKSxHOSTS/],
    [
      "a cloud without its Keystone",
      { flags: { datacenter: "nova" } },
      /^--datacenter nova needs --cloud-auth-url, or/,
    ],
    [
      "a cloud without a password",
      { flags: { datacenter: "nova", cloudAuthUrl: "http://k/v3" } },
      /^--datacenter nova needs .*OSTRO_KEYSTONE_PASSWORD$/,
    ],
    [
      "an unknown source of racks",
      { flags: { topologyOrder: "names,stars" } },
      /^--topology-order: expected file, aggreg/,
    ],
    ["a ratio of zero", { flags: { cpuRatio: "0" } }, /^--cpu-ratio: expected a number from 0.01 to 1000, got "0"$/],
    ["another identity", { flags: { identity: "ldap" } }, /^--identity: expected local, FILE\.json or keystone/],
    ["Keystone's old API", { flags: { identity: "keystone:http://k/v2.0" } }, /only version 3/],
    ["Keystone without a password", { flags: { identity: "keystone:http://k" } }, /OSTRO_KEYSTONE_PASSWORD$/],
    ["another admin rule", { environment: { OSTRO_ADMIN_REQUIRED: "none" } }, /groups_and_migrate or all, got "none"$/],
    [
      "an unknown key in the file",
      { file: fileWith({ valet_port: 1 }) },
      /unknown key valet_port \(known: host, valetPort/,
    ],
    ["a hostile key in the file", { file: fileWith('{"__proto__": {}}') }, /unknown key __proto__/],
    ["a file that is no JSON", { file: fileWith("{\n  valetPort") }, /\.json: is not JSON: /],
    ["a file that is a list", { file: fileWith([]) }, /expected a JSON object/],
    ["a file that is not there", { file: join(folder, "none") }, /none: cannot be read \(ENOENT\)$/],
    [
      "every address with the local token",
      { flags: { host: "0.0.0.0" } },
      /^--host 0\.0\.0\.0: .*real identity source/,
    ],
    ["a name with the local token", { flags: { host: "127.0.0.1.example.org" } }, /real identity source/],
  ];
  test.each(cases)("%s", (_, sources, message) => {
    let thrown: Error & { code?: string } = new Error("nothing was thrown");
    try {
      read(sources);
    } catch (error) {
      thrown = error as Error;
    }
    expect(thrown.code).toBe("config.invalid");
    expect(thrown.message).toMatch(message);
    expect(thrown.message).not.toContain("\n");
  });

  test("a wrong secret is not repeated", () => {
    expect(() => read({ file: fileWith({ keystonePassword: 12345 }) })).toThrow(
      /keystonePassword: expected some text$/,
    );
  });
});

describe("binding", () => {
  test.each(["localhost", "127.0.0.1", "127.8.9.10", "::1"])("%s needs no identity source", (host) => {
    expect(read({ flags: { host } }).host).toBe(host);
  });

  test("beyond loopback goes with a token file or Keystone", () => {
    expect(read({ flags: { host: "0.0.0.0", identity: "tokens.json" } }).host).toBe("0.0.0.0");
    const environment = { OSTRO_KEYSTONE_PASSWORD: "x" };
    expect(read({ flags: { host: "::", identity: "keystone:http://k:5000/v3" }, environment }).host).toBe("::");
  });
});

test("every setting has a variable of its own and a sentence for --help", () => {
  expect(new Set(SETTING_KEYS.map(variableOf)).size).toBe(SETTING_KEYS.length);
  for (const key of SETTING_KEYS) expect(SETTINGS[key].help.length).toBeGreaterThan(5);
});
