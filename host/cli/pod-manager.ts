import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { AppError } from "../errors.ts";
import { addSync } from "./device.ts";
import { given, HARDWARE_SECONDS, hardwareCommand, segment, subcommand } from "./hardware.ts";

interface Flags {
  readonly name?: string;
  readonly driver?: string;
  readonly description?: string;
  readonly location?: string;
  readonly username?: string;
  readonly password?: string;
  readonly ca?: string;
  readonly insecure?: boolean;
  readonly force?: true;
}

const FIELDS = { UUID: "uuid", NAME: "name", DRIVER: "driver", STATUS: "status", URL: "url" };

/** `ostro pod-manager`: what hardware is composed by. */
export function addPodManager(program: Command): void {
  const group = hardwareCommand(program, "pod-manager", "Manage the pod managers of a running service.");
  subcommand(group, "list", "list the pod managers", async (api) => {
    api.showList(await api.list("/v1/pod_managers"), FIELDS);
  });
  addAccess(
    subcommand<Flags>(group, "create <name> <url>", "register a pod manager", async (api, [name, url], flags) => {
      const { driver, username = "", password = "" } = flags;
      if (username === "" || password === "")
        throw new AppError("config.invalid", "give --username, and the password in OSTRO_POD_MANAGER_PASSWORD");
      const authentication = authenticationOf(username, password);
      const body = given({ name, url, driver, authentication, verify_ca: verifyOf(flags) });
      api.show(await api.one("POST", "/v1/pod_managers", body, { timeoutSeconds: 60 }));
    }),
  ).option("--driver <name>", "redfishv1, redfishv2, expether or one of your own (default redfishv1)");
  subcommand(group, "show <pod-manager>", "show a pod manager, by id or name", async (api, [ident = ""]) => {
    api.show(await api.one("GET", `/v1/pod_managers/${segment(await api.idOf("pod_managers", ident))}`));
  });
  addAccess(
    subcommand<Flags>(group, "update <pod-manager>", "change what is given", async (api, [ident = ""], flags) => {
      const { name, driver, description, location, username, password } = flags;
      if ((username === undefined) !== (password === undefined))
        throw new AppError("config.invalid", "--username and --password are changed together");
      const authentication =
        username === undefined || password === undefined ? undefined : authenticationOf(username, password);
      const changes = given({ name, driver, description, location, authentication, verify_ca: verifyOf(flags) });
      if (Object.keys(changes).length === 0)
        throw new AppError("config.invalid", "nothing to change: give an option, see --help");
      const path = `/v1/pod_managers/${segment(await api.idOf("pod_managers", ident))}`;
      api.show(await api.one("PATCH", path, changes, { timeoutSeconds: 60 }));
    }),
  )
    .option("--name <name>", "the new one")
    .option("--driver <name>", "the new one")
    .option("--description <text>", "what it is for")
    .option("--location <text>", "where it stands");
  subcommand<Flags>(
    group,
    "delete <pod-manager>",
    "release its nodes and forget it",
    async (api, [ident = ""], { force }) => {
      const path = `/v1/pod_managers/${segment(await api.idOf("pod_managers", ident))}`;
      const query = force ? "?force=true" : "";
      const answer = await api.ask("DELETE", path + query, undefined, { timeoutSeconds: HARDWARE_SECONDS });
      api.say(answer, `Pod manager ${ident} is deleted.`);
    },
  ).option("--force", "do not ask its hardware, which stays as it is");
  addSync(group, "sync [pod-manager]");
}

function addAccess(command: Command): Command {
  return command
    .addOption(new Option("--username <name>", "user there").env("OSTRO_POD_MANAGER_USERNAME"))
    .addOption(
      new Option(
        "--password <text>",
        "password there; better in the variable, since others can read a command line",
      ).env("OSTRO_POD_MANAGER_PASSWORD"),
    )
    .option("--ca <file>", "authorities to trust for https to it, PEM")
    .option("--insecure", "do not verify its certificate")
    .option("--no-insecure", "verify its certificate by the authorities everybody trusts");
}

function authenticationOf(username: string, password: string): object[] {
  return [{ type: "basic", auth_items: { username, password } }];
}

/** Undefined: it is not said. */
function verifyOf({ ca, insecure }: Flags): boolean | string | undefined {
  if (ca === undefined) return insecure === undefined ? undefined : !insecure;
  if (insecure === true) throw new AppError("config.invalid", "--ca and --insecure contradict each other");
  try {
    return readFileSync(ca, "utf8");
  } catch (cause) {
    throw new AppError("config.invalid", `--ca ${ca}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
}
