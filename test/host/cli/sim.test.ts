import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { run, start } from "./command.ts";

const folder = scratchFolders();
const running: ReturnType<typeof start>[] = [];
afterEach(async () => {
  for (const { child, finished } of running.splice(0)) {
    child.kill("SIGKILL");
    await finished;
  }
});

async function simulate(args: readonly string[], environment: Record<string, string> = {}) {
  const command = start(["sim", ...args, "--port", "0"], environment);
  running.push(command);
  const [, what, url, curl] = await command.printed(/^Simulated (.*): (http.*)\n(curl .*)\n/);
  return { ...command, what: what!, url: url!, curl: curl! };
}

const basic = (user: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

/** What a shell makes of the line: the body it would send. */
function bodyOf(curl: string, environment: Record<string, string> = {}): unknown {
  const shown = curl.replace(/^curl -s -X POST (\S+) -H 'Content-Type: application\/json' -d /, "printf %s ");
  return JSON.parse(execFileSync("sh", ["-c", shown], { env: environment, encoding: "utf8" }));
}

describe("ostro sim", () => {
  const kinds: [args: string[], what: string, driver: string, path: string][] = [
    [["podm"], "pod manager, RSD 2.4, 48 systems, 24 devices", "redfishv1", "/redfish/v1/Nodes"],
    [["redfish"], "CompositionService, 2 zones, 8 compute blocks, 12 devices", "redfishv2", "/redfish/v1/Systems"],
    [["eem", "--servers", "2"], "ExpEther manager, 2 servers, 20 devices", "expether", "/devices"],
  ];
  test.each(kinds)("%s prints where it is and how to register it, and asks for a password", async (...kind) => {
    const [args, what, driver, path] = kind;
    const sim = await simulate(args);
    expect(sim.what).toBe(what);
    expect(bodyOf(sim.curl)).toEqual({
      name: expect.stringMatching(/^sim-\d+$/),
      url: sim.url,
      driver,
      authentication: [{ type: "basic", auth_items: { username: "admin", password: "Passw0rd" } }],
    });
    expect((await fetch(sim.url + path)).status).toBe(401);
    expect((await fetch(sim.url + path, { headers: basic("admin", "Passw0rd") })).status).toBe(200);
  });

  test("a password from the environment is asked for, and not printed", async () => {
    const environment = { OSTRO_SIM_PASSWORD: "s3cret" };
    const sim = await simulate(["podm", "--user", "root"], environment);
    expect(sim.output().out).not.toContain("s3cret");
    expect(bodyOf(sim.curl, environment)).toMatchObject({
      authentication: [{ auth_items: { username: "root", password: "s3cret" } }],
    });
    const path = `${sim.url}/redfish/v1/Nodes`;
    expect((await fetch(path, { headers: basic("root", "Passw0rd") })).status).toBe(401);
    expect((await fetch(path, { headers: basic("root", "s3cret") })).status).toBe(200);
  });

  test("a node is there again after kill -9, from the state file", async () => {
    const args = ["podm", "--anonymous", "--state", join(folder(), "pod.json"), "--assemble", "0"];
    const first = await simulate(args);
    const allocated = await fetch(`${first.url}/redfish/v1/Nodes/Actions/Allocate`, { method: "POST", body: "{}" });
    const node = allocated.headers.get("location")!;
    await fetch(`${first.url}${node}/Actions/ComposedNode.Assemble`, { method: "POST", body: "{}" });
    first.child.kill("SIGKILL");
    await first.finished;
    const second = await simulate(args);
    let state: unknown;
    while (state !== "Assembled") {
      state = ((await (await fetch(second.url + node)).json()) as { ComposedNodeState?: unknown }).ComposedNodeState;
      expect(["Assembling", "Assembled"]).toContain(state);
    }
  });

  test("serves https with a certificate of one's own, and ends at SIGTERM", async () => {
    const at = folder();
    const [key, cert] = [join(at, "key.pem"), join(at, "cert.pem")];
    const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    execFileSync("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...names], { stdio: "pipe" });
    const sim = await simulate(["redfish", "--tls-cert", cert, "--tls-key", key]);
    expect(sim.url).toMatch(/^https:/);
    expect(bodyOf(sim.curl)).toMatchObject({ verify_ca: false });
    const agent = new Agent({ ca: readFileSync(cert) });
    const status = await new Promise((resolve, reject) => {
      request(`${sim.url}/redfish/v1/`, { agent }, (answer) => resolve(answer.resume().statusCode))
        .on("error", reject)
        .end();
    });
    expect(status).toBe(200);
    agent.destroy();
    sim.child.kill("SIGTERM");
    expect((await sim.finished).code).toBe(0);
  });

  const mistakes: [args: string[], message: RegExp][] = [
    [["podm", "--dialect", "3.0"], /Allowed choices are 1\.2, 2\.1, 2\.3, 2\.4/],
    [["podm", "--systems", "0"], /whole number from 1/],
    [["redfish", "--tls-cert", "x.pem"], /--tls-cert and --tls-key go together/],
    [["redfish", "--tls-cert", "/nowhere/x.pem", "--tls-key", "k"], /\/nowhere\/x\.pem: cannot be read \(ENOENT\)/],
    [["podm", "--user", ""], /--user must not be empty/],
    [["toaster"], /unknown command 'toaster'/],
  ];
  test.each(mistakes)("%s is refused with advice, exit 2", async (args, message) => {
    const { code, err } = await run(["sim", ...args]);
    expect([code, err.trim().split("\n").length]).toEqual([2, 1]);
    expect(err).toMatch(message);
  });
});
