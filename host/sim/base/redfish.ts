import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Answer, created, type Json, Refusal } from "./answer.ts";
import { EVENT_STREAM, Events } from "./events.ts";
import { collection, type ResourceRules, Resources } from "./resources.ts";
import { Sessions } from "./sessions.ts";
import { createSim, PASSWORD, type Sim, type SimEnv, type SimOptions, USERNAME } from "./sim.ts";
import { Tasks } from "./tasks.ts";

/** What all simulators that speak Redfish take. */
export interface RedfishOptions extends SimOptions {
  /** Default checked. */
  readonly etags?: ResourceRules["etags"];
  /** `$expand`; default off. */
  readonly expand?: boolean;
  /** Members of a collection in one answer; default all. */
  readonly pageSize?: number;
  /** Default on. */
  readonly sessions?: boolean;
  /** Default 16. */
  readonly mostSessions?: number;
  /** Default 1800. */
  readonly sessionSeconds?: number;
  /** Default on: events are offered. */
  readonly events?: boolean;
  /** Default on: as a stream (SSE) as well. */
  readonly eventStream?: boolean;
  /** Equal seeds make equal tokens and names. */
  readonly seed?: number;
}

/** A Redfish service without hardware: add that to `resources`, and the service root. */
export interface Redfish extends Sim {
  readonly resources: Resources;
  readonly sessions: Sessions;
  readonly events: Events;
  readonly tasks: Tasks;
  /** Links of the service root to what is there, to be merged into it. */
  readonly rootLinks: Json;
  /** Called after each write that was not refused, before its answer leaves. */
  onWritten(listener: () => void): void;
  close(): void;
}

const SERVICE = "/redfish/v1/SessionService";
const SESSIONS = `${SERVICE}/Sessions`;
const MOST_BODY_BYTES = 1024 * 1024;
const OPEN = new Set(["/redfish", "/redfish/v1", "/redfish/v1/odata", "/redfish/v1/$metadata"]);

/** Sessions, events, tasks, ETags, errors and OData's own paths, on `createSim`. */
export function createRedfish(options: RedfishOptions): Redfish {
  const { sessions: hasSessions = true, events: hasEvents = true, username = USERNAME, seed = 1 } = options;
  const { password = PASSWORD, mostSessions = 16, sessionSeconds = 1800 } = options;
  const resources = new Resources({
    etags: options.etags ?? "checked",
    expand: options.expand ?? false,
    pageSize: options.pageSize ?? Number.MAX_SAFE_INTEGER,
  });
  const sim = createSim(options, {
    open: (method, path) =>
      (method === "GET" && OPEN.has(bare(path))) || (hasSessions && method === "POST" && bare(path) === SESSIONS),
    admits: (context) => sessions.admits(context.req.header("x-auth-token") ?? ""),
    refuse: (context) => {
      const refusal = new Refusal(401, "Neither credentials nor a session that is valid", {
        code: "Base.1.0.NoValidSession",
        headers: { "WWW-Authenticate": 'Basic realm="redfish"' },
      });
      return respond(context, refusal.answer);
    },
  });
  const { clock, app } = sim;
  const now = () => clock.now();
  const sessions = new Sessions(now, `${seed} ${username} ${password}`, mostSessions, sessionSeconds);
  const tasks = new Tasks(clock, resources);
  const events = new Events(
    { stream: options.eventStream ?? true },
    now,
    hasEvents ? resources : new Resources(resources.rules),
  );
  const written: (() => void)[] = [];

  addDocuments(resources);
  if (hasSessions) addSessions(resources, sessions, username, password);

  if (hasEvents && options.eventStream !== false) {
    app.get(EVENT_STREAM, (context) => events.stream(context.req.header("last-event-id")));
  }
  const tooLarge = new Refusal(413, `The body is larger than ${MOST_BODY_BYTES} bytes`);
  const limited = bodyLimit({ maxSize: MOST_BODY_BYTES, onError: (context) => respond(context, tooLarge.answer) });
  // Bodies of GETs are not read, and looking for one costs a tenth of their time.
  app.use("/redfish/*", async (context, next) => (context.req.method === "GET" ? next() : limited(context, next)));
  app.all("/redfish/*", async (context) => {
    const { method } = context.req;
    const path = bare(context.req.path);
    const answer = await tried(async () => {
      if (path === "/redfish/v1/$metadata" && method === "GET") return METADATA;
      const monitored = method === "GET" ? tasks.monitor(path) : null;
      if (monitored !== null) return monitored;
      const body = await bodyOf(context, method);
      const query = new URL(context.req.url).searchParams;
      return await resources.answer(method, { path, query, body, header: (name) => context.req.header(name) });
    });
    if (!/^(GET|HEAD)$/.test(method) && answer.status < 400) for (const listener of written) listener();
    return respond(context, answer);
  });
  app.onError((error, context) => respond(context, new Refusal(500, error.message).answer));
  app.notFound((context) => respond(context, new Refusal(404, `There is no resource at ${context.req.path}`).answer));

  return {
    ...sim,
    resources,
    sessions,
    events,
    tasks,
    rootLinks: {
      ...(hasSessions
        ? { SessionService: { "@odata.id": SERVICE }, Links: { Sessions: { "@odata.id": SESSIONS } } }
        : { Links: {} }),
      ...(hasEvents ? { EventService: { "@odata.id": "/redfish/v1/EventService" } } : {}),
      Tasks: { "@odata.id": "/redfish/v1/TaskService" },
    },
    onWritten: (listener) => written.push(listener),
    close: () => events.close(),
  };
}

function addDocuments(resources: Resources): void {
  resources.add("/redfish", { get: () => ({ v1: "/redfish/v1/" }) });
  resources.add("/redfish/v1/odata", {
    get: () => {
      const root = resources.read("/redfish/v1") ?? {};
      const entry = (name: string, url: string) => ({ name, kind: "Singleton", url });
      return {
        "@odata.context": "/redfish/v1/$metadata",
        value: [
          entry("Service", "/redfish/v1/"),
          ...Object.entries(root).flatMap(([name, value]) => {
            const url = (value as { "@odata.id"?: unknown } | null)?.["@odata.id"];
            return typeof url === "string" ? [entry(name, url)] : [];
          }),
        ],
      };
    },
  });
}

function addSessions(resources: Resources, sessions: Sessions, username: string, password: string): void {
  const shown = (id: string) => {
    const session = sessions.get(id);
    return session === null
      ? null
      : {
          "@odata.id": `${SESSIONS}/${id}`,
          "@odata.type": "#Session.v1_0_0.Session",
          Id: id,
          Name: `Session ${id}`,
          UserName: session.username,
        };
  };
  resources.add(SERVICE, {
    get: () => ({
      "@odata.id": SERVICE,
      "@odata.type": "#SessionService.v1_0_2.SessionService",
      Id: "SessionService",
      Name: "Session Service",
      ServiceEnabled: true,
      SessionTimeout: sessions.timeoutSeconds,
      Status: { State: "Enabled", Health: "OK" },
      Sessions: { "@odata.id": SESSIONS },
    }),
  });
  resources.add(SESSIONS, {
    get: () =>
      collection(
        SESSIONS,
        "SessionCollection",
        "Sessions",
        sessions.list().map(({ id }) => `${SESSIONS}/${id}`),
      ),
    post: ({ body }) => {
      const { UserName: user, Password: secret } = body;
      if (typeof user !== "string" || typeof secret !== "string") {
        throw new Refusal(400, "UserName and Password must be strings", { code: "Base.1.0.PropertyMissing" });
      }
      if (username !== "" && (user !== username || secret !== password)) {
        throw new Refusal(401, "UserName or Password is wrong", { code: "Base.1.0.NoValidSession" });
      }
      const session = sessions.login(user);
      if (session === null) {
        throw new Refusal(503, `There are ${sessions.limit} sessions already`, {
          code: "Base.1.0.SessionLimitExceeded",
          headers: { "Retry-After": "30" },
        });
      }
      const answer = created(`${SESSIONS}/${session.id}`, shown(session.id)!);
      return { ...answer, headers: { ...answer.headers, "X-Auth-Token": session.token } };
    },
  });
  resources.add(`${SESSIONS}/:id`, {
    get: ({ id }) => shown(id!),
    delete: ({ params }) => {
      sessions.end(params.id!);
      return { status: 204 };
    },
  });
}

async function tried(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) return error.answer;
    throw error;
  }
}

/** {} without one. Throws a Refusal. */
async function bodyOf(context: Context<SimEnv>, method: string): Promise<Json> {
  if (/^(GET|HEAD|DELETE)$/.test(method)) return {};
  const text = await context.req.text();
  if (text.trim() === "") return {};
  const malformed = (message: string) => new Refusal(400, message, { code: "Base.1.0.MalformedJSON" });
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw malformed("The body is not JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw malformed("The body is no JSON object");
  return body as Json;
}

function respond(context: Context<SimEnv>, { status, headers = {}, body }: Answer): Response {
  const all = new Headers({ "OData-Version": "4.0", "Cache-Control": "no-store", ...headers });
  const text = body === undefined || typeof body === "string" ? (body ?? null) : JSON.stringify(body);
  if (text !== null && !all.has("Content-Type")) all.set("Content-Type", "application/json;charset=utf-8");
  return new Response(context.req.method === "HEAD" || status === 304 ? null : text, { status, headers: all });
}

/** Without a slash at the end. */
function bare(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

const METADATA: Answer = {
  status: 200,
  headers: { "Content-Type": "application/xml;charset=utf-8" },
  body: `<?xml version="1.0" encoding="UTF-8"?>
<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
  <edmx:DataServices>
    <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">
      <EntityContainer Name="Service" Extends="ServiceRoot.v1_0_0.ServiceContainer"/>
    </Schema>
  </edmx:DataServices>
</edmx:Edmx>
`,
};
