// `ostro serve` as a process, and a client of its API.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../dist/host/cli.js", import.meta.url));

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
  readonly body: any;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #token: string;

  private constructor(child: ChildProcess, url: string, token: string) {
    this.#child = child;
    this.#url = url;
    this.#token = token;
  }

  /** Returns when it says that it is ready. */
  static async start(options: Record<string, string>): Promise<ServerProcess> {
    const flags = Object.entries({ "valet-port": "0", "valence-port": "0", "log-level": "warn", ...options });
    const child = spawn(process.execPath, [CLI, "serve", ...flags.flatMap(([name, value]) => [`--${name}`, value])], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    while (!/^Token: \S+$/m.test(output)) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the server ended:\n${output}`);
      await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
    }
    return new ServerProcess(child, /at (http:\S+),/.exec(output)![1]!, /^Token: (\S+)$/m.exec(output)![1]!);
  }

  async request(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: { "X-Auth-Token": this.#token },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** `kill -9`, at once and without a word. */
  async kill(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
