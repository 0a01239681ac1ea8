// A plan as a client sees it: HTTP, translation, search, second check, commit to an embedded store, and its release.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../host/config.ts";
import { startServer } from "../../host/main.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";

const SERVERS = ["a", "b", "c", "d", "e"];
const RESOURCES = Object.fromEntries<object>([
  ...SERVERS.map((name) => [name, { name, type: "OS::Nova::Server", properties: { flavor: "m1.small" } }] as const),
  [
    "apart",
    {
      name: "apart",
      type: "ATT::Valet::GroupAssignment",
      properties: { group_type: "diversity", level: "host", resources: SERVERS },
    },
  ],
]);

interface Planned {
  readonly status: number;
  readonly text: string;
  readonly released: number;
}

async function serve(datacenter: string) {
  const stateDir = mkdtempSync(join(tmpdir(), "ostro-bench-"));
  const flags = { valetPort: "0", valencePort: "0", database: "memory:", logLevel: "silent", datacenter, stateDir };
  const server = await startServer(readConfig({ flags, environment: {} }));
  const headers = { "content-type": "application/json", "x-auth-token": server.localToken! };
  let stacks = 0;
  const planAndRelease = async (): Promise<Planned> => {
    const stack = `stack-${++stacks}`;
    const body = JSON.stringify({ plan_name: stack, stack_id: stack, resources: RESOURCES });
    const made = await fetch(`${server.valetUrl}/v1/plans`, { method: "POST", headers, body });
    const text = await made.text();
    const gone = await fetch(`${server.valetUrl}/v1/plans/${stack}`, { method: "DELETE", headers });
    await gone.arrayBuffer();
    return { status: made.status, text, released: gone.status };
  };
  const close = async () => {
    await server.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
  return { planAndRelease, close };
}

export const http: readonly BenchCase[] = [
  defineCase({
    name: `http/1000-hosts/${SERVERS.length}-vms/plan-and-release`,
    labels: ["short"],
    setup: (scale) => serve(scale === "small" ? "sim:2x8" : "sim:40x25"),
    run: ({ planAndRelease }) => planAndRelease(),
    check: (_state, { status, text, released }) => {
      ensure(status === 201, `the plan was answered with ${status}: ${text}`);
      const hosts = SERVERS.map((name) => /"location":"([^"]+)"/.exec(text.slice(text.indexOf(`"${name}"`)))?.[1]);
      ensure(
        hosts.every((host) => host !== undefined),
        `no location in ${text}`,
      );
      ensure(released === 204, `the release was answered with ${released}`);
    },
    close: ({ close }) => close(),
  }),
];
