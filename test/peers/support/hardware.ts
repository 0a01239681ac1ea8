// A service of its own for hardware, with the simulated pod manager, and Ironic as the one who gets its nodes.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Answer, admin, env } from "./cloud.ts";

const CLI = fileURLToPath(new URL("../../../dist/host/cli.js", import.meta.url));

export class HardwareService {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #directory: string;
  readonly #pods: ChildProcess[] = [];

  private constructor(child: ChildProcess, url: string, directory: string) {
    this.#child = child;
    this.#url = url;
    this.#directory = directory;
  }

  /** @param options of `ostro serve` */
  static async start(options: readonly string[], variables: Record<string, string> = {}): Promise<HardwareService> {
    const directory = mkdtempSync(join(tmpdir(), "ostro-hardware-"));
    const own = ["--valet-port", "0", "--valence-port", "0", "--state-dir", directory, "--log-level", "warn"];
    const child = spawn(process.execPath, [CLI, "serve", ...own, ...options], {
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    while (!/^Token: \S+$/m.test(output)) {
      if (child.exitCode !== null) throw new Error(`the service ended:\n${output}`);
      await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    }
    return new HardwareService(child, /Valence's at (http:\S+)/.exec(output)![1]!, directory);
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? null : JSON.parse(text) };
  }

  /** Starts a simulated pod manager, registers it, and gives its id. */
  async addPod(kind: "podm" | "redfish" | "eem", driver: string): Promise<string> {
    const child = spawn(process.execPath, [CLI, "sim", kind, "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
    this.#pods.push(child);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    while (!/: http:\S+$/m.test(output)) {
      if (child.exitCode !== null) throw new Error(`the simulator ended:\n${output}`);
      await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    }
    const url = /: (http:\S+)$/m.exec(output)![1]!;
    const authentication = [{ type: "basic", auth_items: { username: "admin", password: "Passw0rd" } }];
    const { status, body } = await this.ask("POST", "/v1/pod_managers", { name: kind, url, driver, authentication });
    if (status !== 200) throw new Error(`${kind} is not registered: ${status} ${JSON.stringify(body)}`);
    await this.ask("POST", "/v1/devices/sync", { podm_id: body.uuid });
    return body.uuid;
  }

  async stop(): Promise<void> {
    for (const pod of this.#pods) pod.kill("SIGKILL");
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
    rmSync(this.#directory, { recursive: true });
  }
}

/** An Ironic as its own users see it. */
export class IronicPeer {
  readonly #url: string;
  readonly #alone: boolean;

  constructor(url: string) {
    this.#url = url;
    this.#alone = url === env.IRONIC_ALONE_URL;
  }

  async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        "x-openstack-ironic-api-version": "1.80",
        ...(this.#alone ? {} : { "x-auth-token": await admin.token() }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : null };
  }

  async node(id: string): Promise<Answer["body"]> {
    return (await this.ask("GET", `/v1/nodes/${id}`)).body;
  }
}
