import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hono } from "hono";
import type { Env } from "../../../../host/api/context.ts";
import type { AdminRequired } from "../../../../host/api/valet/auth.ts";
import type { DataCenter } from "../../../../host/core/model.ts";
import { simulatedDataCenter } from "../../../../host/core/simulated.ts";
import { LocalSolver } from "../../../../host/core/solver.ts";
import { createLog } from "../../../../host/log.ts";
import { buildApis } from "../../../../host/main.ts";
import { type Caller, TokenTable } from "../../../../host/services/identity.ts";
import { InventoryService } from "../../../../host/services/inventory.ts";
import type { ApiExchange } from "../../../../host/services/notifications.ts";
import { ServerService } from "../../../../host/services/servers.ts";
import { freshDatabase } from "../../../support/postgres.ts";

export interface Answered {
  readonly status: number;
  readonly allow: string | null;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly json: any;
}

export interface TestApi {
  readonly app: Hono<Env>;
  readonly servers: ServerService;
  /** The same services behind another rule of who needs to be admin. */
  with(adminRequired: AdminRequired): Pick<TestApi, "ask">;
  /** A body that is neither text nor bytes goes as JSON. */
  ask(method: string, path: string, body?: unknown, token?: string | null): Promise<Answered>;
  close(): Promise<void>;
}

const TOKENS = {
  "admin-token": { userId: "root", projectId: "demo", roles: ["member", "admin"] },
  "member-token": { userId: "alice", projectId: "demo", roles: ["member"] },
  "other-token": { userId: "bob", projectId: "other", roles: ["member"] },
  "no-project-token": { userId: "carol", projectId: "", roles: ["admin"] },
};

/** What is otherwise than in most tests. */
interface Setting {
  readonly dataCenter?: DataCenter;
  readonly tokens?: Readonly<Record<string, Caller>>;
  readonly projects?: readonly string[];
}

/** Valet's API over the real services: the store that tests use here, 4 × 16 simulated hosts, the core on this thread. */
export async function openTestApi(
  answered?: (exchange: ApiExchange) => void,
  {
    dataCenter = simulatedDataCenter("sim:4x16"),
    tokens = TOKENS,
    projects = ["demo", "admin", "other"],
  }: Setting = {},
): Promise<TestApi> {
  const database = await freshDatabase();
  const store = await database.open();
  const inventory = await InventoryService.open(store, dataCenter);
  const solver = new LocalSolver();
  const servers = new ServerService({ store, inventory, pendingGraceSeconds: 600, log: () => {} });
  const build = (adminRequired: AdminRequired) =>
    buildApis({
      store,
      inventory,
      servers,
      solver,
      identity: new TokenTable(tokens, projects),
      log: createLog("silent"),
      parallel: 1,
      queue: () => 0,
      host: "127.0.0.1",
      stateDir: join(tmpdir(), "ostro-test-api"),
      adminRequired,
      bodyLimitBytes: 8 * 1024 * 1024,
      ...(answered === undefined ? {} : { answered }),
    }).valet;
  const app = build("groups_and_migrate");
  return {
    app,
    servers,
    ask: asking(app),
    with: (adminRequired) => ({ ask: asking(build(adminRequired)) }),
    async close() {
      await inventory.close();
      await solver.close();
      await database.remove();
    },
  };
}

function asking(app: Hono<Env>): TestApi["ask"] {
  return async (method, path, body, token = "admin-token") => {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const response = await app.request(path, {
      method,
      headers: token === null ? {} : { "X-Auth-Token": token },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("Content-Type") === "application/json" && text !== "";
    return {
      status: response.status,
      allow: response.headers.get("Allow"),
      headers: response.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    };
  };
}
