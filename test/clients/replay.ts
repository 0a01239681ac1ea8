// Recordings of Valet's original clients, and what each of them makes of an answer.
import { readFileSync } from "node:fs";

// biome-ignore lint/suspicious/noExplicitAny: recorded bodies of every form
type Json = any;

export interface Exchange {
  readonly request: { method: string; path: string; headers: Record<string, string>; body?: Json };
  readonly response: { status: number; body?: Json; text?: string };
}

export interface Step {
  readonly call: string;
  readonly exchanges: readonly Exchange[];
  /** What the original returned or raised when it was run. */
  readonly outcome: { returned?: Json; raised?: string; message?: string };
}

const FOLDER = new URL("../fixtures/clients/", import.meta.url);

export const CLIENTS = ["plugins-2017", "plugins-2018", "tempest-2017", "tempest-2018", "command", "postman"] as const;
export type Client = (typeof CLIENTS)[number];

export function stepsOf(client: Client): readonly Step[] {
  const steps: Step[] = read(`${client}/requests.json`).steps;
  // The command prints JSON, whose blanks are Python's.
  for (const { outcome } of steps)
    if (typeof outcome.returned?.printed === "string" && outcome.returned.printed.startsWith("{"))
      outcome.returned.printed = JSON.parse(outcome.returned.printed);
  return steps;
}

function read(path: string): Json {
  return JSON.parse(readFileSync(new URL(path, FOLDER), "utf8"));
}

/** The body to send: placeholders filled in, a file in place of its name. */
export function bodyOf(client: Client, { request }: Exchange, bound: ReadonlyMap<string, string>): Json {
  if (request.body?.$file !== undefined) return read(`${client}/${request.body.$file}`);
  return request.body === undefined ? undefined : JSON.parse(filled(JSON.stringify(request.body), bound));
}

export function filled(text: string, bound: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\{\{\w+\}\}/g, (name) => bound.get(name) ?? name);
}

/**
 * The recorded body with what it stands for: an id that the service made is the one of this run, and a host whichever it
 * chose. Ids that are met first are bound.
 */
export function expected(recorded: Json, actual: Json, bound: Map<string, string>): Json {
  if (typeof recorded === "string") {
    if (recorded === "{{host}}") return typeof actual === "string" && /^qos1\d\d$/.test(actual) ? actual : "a host";
    if (/^\{\{id\d+\}\}$/.test(recorded) && !bound.has(recorded) && typeof actual === "string")
      bound.set(recorded, actual);
    return filled(recorded, bound);
  }
  if (Array.isArray(recorded)) return recorded.map((item, at) => expected(item, actual?.[at], bound));
  if (typeof recorded !== "object" || recorded === null) return recorded;
  return Object.fromEntries(
    Object.entries(recorded).map(([key, value]) => {
      const name = filled(key, bound);
      return [name, expected(value, actual?.[name], bound)];
    }),
  );
}

export interface Met {
  readonly request: Json;
  readonly path: string;
  readonly method: string;
  readonly status: number;
  readonly allow: string | null;
  readonly json: Json;
}

/** What the plug-ins make of answers, from reading them: which host a filter passes, what a wrapper returns or raises. */
export function outcomeOf(client: Client, step: Step, met: readonly Met[]): Step["outcome"] | null {
  const last = met.at(-1);
  if (last === undefined) return null;
  if (step.call.startsWith("nova: ")) {
    // The host in the answer, if it is among the candidates, and no other.
    const { placement, plan } = last.json ?? {};
    const location = placement?.location ?? plan?.placements?.[last.request?.stack_id]?.location;
    // The wrapper of 2017 answers with a word, and the filter looks for a plan in it.
    if (client === "plugins-2017" && last.path === "/v1/plans/" && last.status >= 400)
      return { raised: "AttributeError" };
    const passed = (last.request?.locations ?? []).includes(location) ? [location] : [];
    return { returned: { passed } };
  }
  const fine = last.status >= 200 && last.status < 300;
  if (client === "plugins-2017") {
    if (!step.call.startsWith("wrapper: a")) return { returned: null };
    return { returned: fine ? last.json : last.json?.error === undefined ? null : "error" };
  }
  if (client === "plugins-2018") {
    // A group that could not be filled is deleted again, and the first error told.
    const failed = met.find(({ status }) => status >= 400);
    const forgiven = step.call === "heat: DELETE again" || step.call === "heat: UPDATE of an unknown plan";
    if (failed === undefined || forgiven) return null;
    if (failed.json === undefined) return { raised: "HTTPError" };
    const message = `${failed.json.explanation} (valet-api: ${failed.json.error.message})`;
    return { raised: failed.status === 404 ? "NotFoundError" : "PythonAPIError", message };
  }
  if (client === "tempest-2017" || client === "tempest-2018")
    return fine
      ? { returned: last.json ?? {} }
      : { raised: "RestFault", message: `${last.status} ${last.json.explanation}` };
  if (client === "command") {
    if (fine) return { returned: { printed: last.json ?? "" } };
    const reason = `API error: ${last.method} {{service}}${last.path} (Reason: ${last.status})\n\n`;
    return { returned: { exit: 1, printed: reason } };
  }
  // The collection has no checks of its own; a reader looks at what may be done.
  return { returned: last.allow === null ? null : { allow: last.allow } };
}
