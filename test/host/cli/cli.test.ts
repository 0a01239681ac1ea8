import { describe, expect, test } from "vitest";
import { run } from "./command.ts";

describe("help", () => {
  test.each([
    [["--help"]],
    [["serve", "--help"]],
    [["plan", "--help"]],
    [["db", "--help"]],
    [["db", "migrate", "--help"]],
  ])("%j prints usage and exits 0", async (args) => {
    const { code, out, err } = await run(args);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^Usage: ostro/);
  });

  test("serve tells every flag with its default and its variable", async () => {
    const { out } = await run(["serve", "--help"]);
    const text = out.replaceAll(/\s+/g, " ");
    expect(text).toContain(
      "--valet-port <port> port of Valet's API; 0 takes any free one (default 8090) [OSTRO_VALET_PORT]",
    );
    expect(text).toContain("--config <file>");
    expect(text).not.toContain("--keystone-password");
  });
});

describe("what is wrong is said in one line, with exit code 2", () => {
  const cases: [args: string[], line: RegExp][] = [
    [["serve", "--colour"], /unknown option '--colour'/],
    [["serve", "--valet-prot", "1"], /unknown option '--valet-prot'.*--valet-port/],
    [["serve", "--valet-port", "x"], /--valet-port: expected a whole number from 0 to 65535, got "x"/],
    [["serve", "--valet-port"], /argument missing/],
    [["serve", "now"], /too many arguments/],
    [["serve", "--datacenter", "nova"], /--datacenter nova needs --cloud-auth-url, or --identity keystone:URL/],
    [["serve", "--datacenter", "nowhere.json"], /nowhere\.json/],
    [["serve", "--datacenter", "sim:0x4", "--database", "memory:"], /sim:0x4/],
    [["serve", "--identity", "nobody.json", "--database", "memory:"], /nobody\.json: cannot be read/],
    [["serve", "--host", "0.0.0.0"], /--host 0\.0\.0\.0: .*--identity/],
    [["serve", "--config", "/nowhere.json"], /\/nowhere\.json: cannot be read \(ENOENT\)/],
    [["plan"], /missing required argument 'file'/],
    [["plan", "/nowhere.json"], /\/nowhere\.json: cannot be read/],
    [["plan", "x.json", "--seed", "-1"], /--seed.*whole number/],
    [["plan", "x.json", "--deadline", "soon"], /--deadline.*whole number/],
    [["plan", "x.json", "--deadline", "0"], /--deadline.*whole number from 1/],
    [["plan", "x.json", "--budget", "1e9"], /--budget.*whole number/],
    [["plan", "x.json", "--budget", "99999999999"], /--budget.*from 0 to 1000000000/],
    [["plan", "x.json", "--workers", "0"], /--workers.*whole number from 1 to 256/],
    [["plan", "x.json", "--group", "g:affinity:host"], /--group goes with a Heat template only/],
    [["paln"], /unknown command 'paln'.*plan/],
    [["group", "list", "--port", "0"], /--port.*whole number from 1 to 65535/],
    [
      ["group", "list", "--state-dir", "/nowhere"],
      /no token: \/nowhere\/token cannot be read \(ENOENT\); give --token/,
    ],
    [
      ["group", "list", "--url", "controller:8090", "--token", "t"],
      /--url: expected http\(s\):\/\/HOST:PORT, got "con/,
    ],
    [["group", "list", "--os-auth-url", "http://k:5000/v2.0"], /only version 3 of Keystone is spoken/],
    [["group", "list", "--os-auth-url", "http://k:5000/v3"], /no password for Keystone: set OS_PASSWORD/],
    [["group", "delete", ".."], /expected the id or name of a group or project, got "\.\."/],
    [["group", "create", "web"], /missing required argument 'type'/],
    [["group", "creat", "web", "affinity"], /unknown command 'creat'.*create/],
    [["resync", "now"], /too many arguments/],
    [["node", "show", ".."], /expected an id or a name, got "\.\."/],
    [["node", "attach", "n1"], /missing required argument 'device'/],
    [["node", "compose", "n1", "--flavor", "f", "--cores", "2"], /--flavor and options .* exclude each other/],
    [["pod-manager", "create", "p", "http://podm"], /give --username, and the password in OSTRO_POD_MANAGER_PASSWORD/],
    [["flavor", "create", "f", "--memory", "lots"], /--memory/],
  ];
  test.each(cases)("%j", async (args, line) => {
    const { code, out, err } = await run(args);
    expect(err).toMatch(line);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect([code, out]).toEqual([2, ""]);
  });

  test("a variable is named as such", async () => {
    const { code, err } = await run(["serve"], { OSTRO_WORKERS: "many" });
    expect(code).toBe(2);
    expect(err).toContain('OSTRO_WORKERS: expected a whole number from 1 to 256, got "many"');
  });
});
