// What the commands that compose hardware have in common: Valence's API of a running service, and how its answers are shown.

import type { IncomingHttpHeaders } from "node:http";
import type { Command } from "commander";
import { AppError } from "../errors.ts";
import { isRecord } from "../openstack/json.ts";
import { sortedJson } from "./json.ts";
import { recordLines, recordTable } from "./record-table.ts";
import { type Ask, addRemote, RemoteError, type RemoteFlags, VALENCE, withRemote } from "./remote.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

interface HardwareFlags extends RemoteFlags {
  readonly json?: true;
}

/** What the hardware may take: nodes are assembled and released in this time, s. */
export const HARDWARE_SECONDS = 1800;

/** One of the commands, with the options that all of its subcommands take. */
export function hardwareCommand(program: Command, name: string, description: string): Command {
  return addRemote(program.command(name).description(description), VALENCE).option(
    "--json",
    "print what the service answers",
  );
}

/** `work` gets what was given on the command line, and the API. */
export function subcommand<Flags extends object>(
  group: Command,
  usage: string,
  description: string,
  work: (api: HardwareApi, positionals: string[], flags: Flags) => Promise<void>,
): Command {
  const command = group.command(usage).description(description).allowExcessArguments(false);
  return command.action(async () => {
    const flags = command.optsWithGlobals<HardwareFlags & Flags>();
    const positionals = command.processedArgs as string[];
    await withRemote(
      flags,
      async (ask) => await work(new HardwareApi(ask, flags.json === true), positionals, flags),
      VALENCE,
    );
  });
}

const COLLECTIONS = {
  pod_managers: { one: "pod manager", command: "pod-manager" },
  flavors: { one: "flavor", command: "flavor" },
} as const;

/** Valence's API, and standard output. */
export class HardwareApi {
  readonly ask: Ask;
  readonly #json: boolean;

  constructor(ask: Ask, json: boolean) {
    this.ask = ask;
    this.#json = json;
  }

  /** All items of a list, page after page. */
  async list(path: string, filters: Readonly<Record<string, string | undefined>> = {}): Promise<JsonRecord[]> {
    const query = new URLSearchParams(given(filters) as Record<string, string>);
    const items: JsonRecord[] = [];
    for (;;) {
      let next = false;
      const heads = ({ link }: IncomingHttpHeaders) => {
        next = typeof link === "string" && link.includes('rel="next"');
      };
      const page = await this.ask("GET", query.size === 0 ? path : `${path}?${query}`, undefined, { heads });
      const found = Array.isArray(page) ? page.filter(isRecord) : [];
      items.push(...found);
      const last = found.at(-1)?.uuid;
      if (!next || last === undefined) return items;
      query.set("marker", String(last));
    }
  }

  async one(...[method, path, body, options]: Parameters<Ask>): Promise<JsonRecord> {
    const answer = await this.ask(method, path, body, options);
    if (isRecord(answer)) return answer;
    throw new RemoteError(`${method} ${path}: expected an object, is this Valence's API?`);
  }

  /** Id of what is given by id or name. @throws RemoteError when nothing or several things have the name */
  async idOf(collection: keyof typeof COLLECTIONS, ident: string): Promise<string> {
    if (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(ident)) return ident;
    const { one, command } = COLLECTIONS[collection];
    const found = await this.list(`/v1/${collection}`, { name: ident });
    if (found.length === 1) return String(found[0]!.uuid);
    const count = found.length === 0 ? `No ${one} has` : `${found.length} ${one}s have`;
    throw new RemoteError(`${count} the name ${JSON.stringify(ident)}. ostro ${command} list shows their ids.`);
  }

  showList(items: readonly JsonRecord[], fields: Readonly<Record<string, string>>): void {
    this.#print(items, () => recordTable(items, fields));
  }

  show(record: JsonRecord): void {
    this.#print(record, () => recordLines(record));
  }

  /** Of what answers nothing, or nothing that people want to read. */
  say(answer: unknown, sentence: string): void {
    this.#print(answer, () => sentence);
  }

  #print(answer: unknown, text: () => string): void {
    if (!this.#json) process.stdout.write(`${text()}\n`);
    else if (answer !== undefined) process.stdout.write(`${sortedJson(answer)}\n`);
  }
}

/** Without what is not given. */
export function given(fields: JsonRecord): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** An id or name as one piece of a path, whatever it holds. */
export function segment(ident: string | undefined): string {
  // Not even encoded do dots stay: they would name another resource.
  if (ident === undefined || /^\.{0,2}$/.test(ident))
    throw new AppError("config.invalid", `expected an id or a name, got "${ident ?? ""}"`);
  return encodeURIComponent(ident);
}

/** A repeatable option: `--device GPU --device SSD`. */
export function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
