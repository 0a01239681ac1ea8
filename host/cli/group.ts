import { type Command, Option } from "commander";
import { AppError } from "../errors.ts";
import { sortedJson } from "./json.ts";
import { type Ask, addRemote, type RemoteFlags, withRemote } from "./remote.ts";

type Request = Parameters<Ask>;

/** Of the original's command, which scripts may look at. */
const VERSION = "1.1";

/** `ostro group`: the original `valet group`, its positionals and options, and `--level`. */
export function addGroup(program: Command): void {
  const group = addRemote(
    program
      .command("group")
      .description("Manage the groups of a running service.")
      .version(`valet group ${VERSION}`, "--version"),
  ).option("-v, --verbose", "say what is asked");
  const add = (usage: string, description: string, request: (...positionals: string[]) => Request) =>
    subcommand(group, usage, description, (positionals) => request(...positionals));

  subcommand(
    group,
    "create <name> <type>",
    "make a group: affinity, diversity or exclusivity",
    ([name, type], flags) => [
      "POST",
      "/v1/groups",
      given({ name, type, description: flags.description, level: flags.level }),
    ],
  )
    .option("--description <text>", "what it is for")
    .addOption(new Option("--level <level>", "host, rack or cluster"));
  subcommand(group, "update <groupid>", "change the description", ([id], { description }) => [
    "PUT",
    `/v1/groups/${segment(id)}`,
    given({ description }),
  ]).option("--description <text>", "the new one");
  add("update-member <groupid> <members>", "let a project use the group", (id, member) => [
    "PUT",
    `/v1/groups/${segment(id)}/members`,
    { members: [member] },
  ]);
  add("delete <groupid>", "delete a group that has no members", (id) => ["DELETE", `/v1/groups/${segment(id)}`]);
  add("delete-member <groupid> <memberid>", "remove a project from the group", (id, member) => [
    "DELETE",
    `/v1/groups/${segment(id)}/members/${segment(member)}`,
  ]);
  add("delete-all-members <groupid>", "remove all projects from the group", (id) => [
    "DELETE",
    `/v1/groups/${segment(id)}/members`,
  ]);
  add("show <groupid>", "show a group, by id or name", (id) => ["GET", `/v1/groups/${segment(id)}`]);
  add("list", "list the groups", () => ["GET", "/v1/groups"]);
}

interface Flags extends RemoteFlags {
  readonly description?: string;
  readonly level?: string;
  readonly verbose?: true;
}

function subcommand(
  group: Command,
  usage: string,
  description: string,
  request: (positionals: string[], flags: Flags) => Request,
): Command {
  const command = group.command(usage).description(description).allowExcessArguments(false);
  return command.action(async () => {
    const flags: Flags = command.optsWithGlobals();
    const [method, path, body] = request(command.processedArgs as string[], flags);
    await withRemote(flags, async (ask) => {
      if (flags.verbose) process.stderr.write(`${method} ${path}${body ? ` ${JSON.stringify(body)}` : ""}\n`);
      const answer = await ask(method, path, body);
      if (answer !== undefined) process.stdout.write(`${sortedJson(answer)}\n`);
    });
  });
}

function given(fields: Readonly<Record<string, string | undefined>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** An id or name as one piece of a path, whatever it holds. */
function segment(id: string | undefined): string {
  // Not even encoded do dots stay: they would name another resource.
  if (id === undefined || /^\.{0,2}$/.test(id))
    throw new AppError("config.invalid", `expected the id or name of a group or project, got "${id ?? ""}"`);
  return encodeURIComponent(id);
}
