import { timingSafeEqual } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { machineClock, type SimClock } from "./clock.ts";
import { type Fault, Faults, faultSchema } from "./faults.ts";
import { RequestCounts } from "./requests.ts";

/** What all simulators take. */
export interface SimOptions {
  /** Before each answer; default 0. */
  readonly latencyMs?: number;
  /** Default admin; "": anyone may do anything. */
  readonly username?: string;
  /** Default Passw0rd. */
  readonly password?: string;
  readonly clock?: SimClock;
}

export const USERNAME = "admin";
export const PASSWORD = "Passw0rd";

/** In-process requests have no connection. */
export type SimEnv = { Bindings: Partial<HttpBindings> };

/** What makes hardware of HTTP: what is common to all simulators, before the paths of one. */
export interface Sim {
  readonly app: Hono<SimEnv>;
  readonly clock: SimClock;
  readonly faults: Faults;
  readonly requests: RequestCounts;
  /** Puts a fault in force; returns what takes it back. */
  fault(fault: Fault): () => void;
}

export interface Door {
  /** May be asked without credentials. */
  open?(method: string, path: string): boolean;
  /** Another credential than Basic, such as a token. */
  admits?(context: Context<SimEnv>): boolean;
  refuse(context: Context<SimEnv>): Response;
}

/**
 * An application that counts requests, waits, goes wrong as ordered and asks for credentials; add the paths of the
 * hardware to `app`. People order faults at `/sim/faults`, on loopback only.
 */
export function createSim(options: SimOptions, door: Door): Sim {
  const { latencyMs = 0, username = USERNAME, password = PASSWORD, clock = machineClock } = options;
  const app = new Hono<SimEnv>({ strict: false });
  const faults = new Faults();
  const requests = new RequestCounts();
  const basic = Buffer.from(`Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`);

  app.use("/sim/*", async (context, next) => {
    const from = context.env?.incoming?.socket.remoteAddress ?? "127.0.0.1";
    if (!/^(::ffff:)?127\.|^::1$/.test(from)) return context.json({ error: "only on loopback" }, 403);
    return await next();
  });
  orderFaults(app, faults, requests);

  app.use(async (context, next) => {
    const { method, path } = context.req;
    // Orders of people are none of the hardware's business.
    if (path.startsWith("/sim/")) {
      await next();
      return;
    }
    const answered = requests.begin(method, path);
    try {
      if (latencyMs > 0) await pause(latencyMs);
      const fault = faults.next(method, path);
      if (fault !== null && fault.kind !== "lose") {
        const answer = await wrong(context, fault);
        if (answer !== null) return answer;
      }
      const known = username === "" || door.open?.(method, path) === true || door.admits?.(context) === true;
      if (!known && !same(Buffer.from(context.req.header("authorization") ?? ""), basic)) return door.refuse(context);
      await next();
      if (fault?.kind === "lose") {
        context.env?.outgoing?.destroy();
        context.res = new Response(null, { status: 500 });
      }
      return;
    } finally {
      answered();
    }
  });
  return { app, clock, faults, requests, fault: (fault) => faults.add(fault) };
}

function orderFaults(app: Hono<SimEnv>, faults: Faults, requests: RequestCounts): void {
  app.get("/sim/faults", (context) =>
    context.json({ faults: faults.list().map((fault) => ({ ...fault, path: fault.path?.source })) }),
  );
  app.post("/sim/faults", async (context) => {
    // A page in a browser cannot send JSON elsewhere without asking first.
    if (!/^application\/json\b/i.test(context.req.header("content-type") ?? "")) {
      return context.json({ error: "expected Content-Type: application/json" }, 415);
    }
    const read = faultSchema.safeParse(await context.req.json().catch(() => null));
    if (!read.success) {
      const [issue] = read.error.issues;
      return context.json({ error: `${issue?.path.join(".") || "body"}: ${issue?.message}` }, 400);
    }
    faults.add(read.data as Fault);
    return context.json({ faults: faults.list().length }, 201);
  });
  app.delete("/sim/faults", (context) => {
    faults.clear();
    return context.body(null, 204);
  });
  app.get("/sim/requests", (context) =>
    context.json({ total: requests.total, mostRunning: requests.mostRunning, requests: requests.list() }),
  );
}

/** Null: it goes on as if nothing had been. */
async function wrong(context: Context<SimEnv>, fault: Fault): Promise<Response | null> {
  const { status = 500, headers = {} } = fault;
  switch (fault.kind) {
    case "fail":
      return fault.body === undefined
        ? new Response(null, { status, headers })
        : Response.json(fault.body, { status, headers });
    case "html":
      return context.html("<html><body><h1>502 Bad Gateway</h1></body></html>");
    case "number":
      return Response.json(status);
    case "slow":
      await pause(fault.ms ?? 1000);
      return null;
    case "drop":
      context.env?.outgoing?.destroy();
      return new Response(null, { status: 500 });
    default:
      await gone(context);
      return new Response(null, { status: 500 });
  }
}

/** Until the other side has ended the connection. */
function gone(context: Context<SimEnv>): Promise<void> {
  const { outgoing } = context.env ?? {};
  const { signal } = context.req.raw;
  return new Promise((resolve) => {
    if (signal.aborted || outgoing?.destroyed === true) return resolve();
    outgoing?.once("close", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
