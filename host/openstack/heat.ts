// Heat: one stack with all that came with it. The service user needs the role admin, in any project: Heat then takes it for
// an admin (its policy context_is_admin), who may read the stacks of every project.

import { AppError } from "../errors.ts";
import { type CloudSession, reasonOf } from "./cloud-session.ts";
import { isRecord, listOf, textOf } from "./json.ts";

export interface HeatResource {
  /** Names from the top stack down, the resource's own last. */
  readonly path: readonly string[];
  readonly type: string;
  /** Of a server: its UUID in Nova, once it has one. */
  readonly physicalId: string | null;
}

export interface HeatStack {
  readonly id: string;
  readonly name: string;
  readonly projectId: string;
  /** Values of the template's parameters as text, lists joined by commas; `OS::stack_name` and its like, too. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly template: Readonly<Record<string, unknown>>;
  /** Name -> text of the files that came with it, nested templates among them. */
  readonly files: ReadonlyMap<string, string>;
  /** Type -> file or other type. */
  readonly registry: ReadonlyMap<string, string>;
  /** Values for parameters of any template of the stack that nobody gives. */
  readonly defaults: ReadonlyMap<string, unknown>;
  /** What has been made by now, nested stacks included. */
  readonly resources: readonly HeatResource[];
}

/** What Heat writes for the value of a hidden parameter. */
export const HIDDEN = "******";

/** Heat itself allows 5, by default. */
const DEEPEST_NESTING = 20;

export class HeatApi {
  readonly #session: CloudSession;

  constructor(session: CloudSession) {
    this.#session = session;
  }

  /**
   * A stack of any project; null: there is no such stack.
   * @throws AppError cloud.unavailable (it may pass), cloud.unreadable (it will not: no Heat, no permission, no such form)
   */
  async stack(id: string): Promise<HeatStack | null> {
    // Anything else is no id of Heat, and could change the path.
    if (!/^[\w-]{1,64}$/.test(id)) return null;
    const url = await this.#session.endpoint("orchestration");
    if (url === null) throw unreadable("the catalog of Keystone names no service orchestration with a usable address");
    const base = `${url}/${await this.#session.projectId()}/stacks`;
    const name = await this.#nameOf(`${base}/${id}`, id);
    if (name === null) return null;
    const stack = `${base}/${encodeURIComponent(name)}/${id}`;
    const get = async (path: string) => (await this.#session.get(`${stack}${path}`, { absent: [404] }))?.json ?? null;
    const [facts, template, files, environment, resources] = await Promise.all([
      get(""),
      get("/template"),
      get("/files"),
      get("/environment"),
      get(`/resources?nested_depth=${DEEPEST_NESTING}`),
    ]);
    if (facts === null || template === null) return null;
    const parameters = isRecord(facts.stack) ? textsIn(facts.stack.parameters) : new Map<string, string>();
    const projectId = parameters.get("OS::project_id");
    if (projectId === undefined) throw unreadable(`GET ${stack}: stack.parameters has no OS::project_id`);
    const { resource_registry: registry, parameter_defaults: defaults } = environment ?? {};
    return {
      id,
      name,
      projectId,
      parameters,
      template,
      files: textsIn(files),
      registry: textsIn(registry),
      defaults: new Map(isRecord(defaults) ? Object.entries(defaults) : []),
      resources: resourcesIn(listOf(resources?.resources), id),
    };
  }

  /** Heat sends whoever asks by id to the address with the name; null: there is no such stack. */
  async #nameOf(url: string, id: string): Promise<string | null> {
    let answer: Awaited<ReturnType<CloudSession["ask"]>>;
    try {
      answer = await this.#session.ask(url);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError("cloud.unavailable", `GET ${url}: ${reasonOf(cause)}`, { cause });
    }
    const { status, headers } = answer;
    if (status === 404) return null;
    const found = /\/stacks\/([^/]+)\/([^/?]+)$/.exec(headers.location ?? "");
    if (status === 302 && found?.[1] !== undefined && found[2] === id) return decodeURIComponent(found[1]);
    if (status === 429 || status >= 500) throw new AppError("cloud.unavailable", `GET ${url}: answered ${status}`);
    const advice =
      status === 403 ? ": the service user lacks the role admin, or Heat's policy does not let it look" : "";
    throw unreadable(`GET ${url}: answered ${status}${advice}`);
  }
}

function unreadable(message: string): AppError {
  return new AppError("cloud.unreadable", message);
}

function textsIn(value: unknown): Map<string, string> {
  const texts = new Map<string, string>();
  if (isRecord(value))
    for (const [key, text] of Object.entries(value)) if (typeof text === "string") texts.set(key, text);
  return texts;
}

/** Each names the stack that it is in; which resource that stack is, the stack's id tells. */
function resourcesIn(entries: readonly unknown[], root: string): HeatResource[] {
  const rows = entries.filter(isRecord).flatMap((entry) => {
    const name = textOf(entry.resource_name);
    const type = textOf(entry.resource_type);
    const links = listOf(entry.links).filter(isRecord);
    const stack = textOf(links.find(({ rel }) => rel === "stack")?.href)
      ?.split("/")
      .at(-1);
    if (name === null || type === null || stack === undefined) return [];
    return [{ name, type, stack, physicalId: textOf(entry.physical_resource_id) }];
  });
  const holders = new Map(rows.flatMap((row) => (row.physicalId === null ? [] : [[row.physicalId, row] as const])));
  const pathOf = (row: (typeof rows)[number], depth = 0): string[] | null => {
    if (row.stack === root) return [row.name];
    const holder = holders.get(row.stack);
    const above = holder === undefined || depth > DEEPEST_NESTING ? null : pathOf(holder, depth + 1);
    return above === null ? null : [...above, row.name];
  };
  return rows.flatMap((row) => {
    const path = pathOf(row);
    return path === null ? [] : [{ path, type: row.type, physicalId: row.physicalId }];
  });
}
