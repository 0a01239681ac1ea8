import { type Command, Option } from "commander";
import { type Config, flagOf, readConfig, SETTING_KEYS, SETTINGS, variableOf } from "../config.ts";
import type { RunningServer } from "../main.ts";

/** `ostro serve`: both APIs in one process, until SIGTERM or SIGINT. */
export function addServe(program: Command): void {
  const command = program
    .command("serve")
    .description("Serve Valet's and Valence's API.")
    .addHelpText("after", `\nSecrets have no flag: ${SECRETS.join(", ")}.`);
  addSettings(command).action(async (flags: Record<string, string>) => {
    const config = settingsFrom(flags);
    // Loaded late: no other command needs the store and the servers.
    const { startServer } = await import("../main.ts");
    const server = await startServer(config);
    stopOnSignals(server);
    process.stdout.write(greeting(server));
  });
}

const SECRETS = SETTING_KEYS.filter(isSecret).map(variableOf);

function isSecret(key: keyof Config): boolean {
  const setting: { readonly secret?: boolean } = SETTINGS[key];
  return setting.secret === true;
}

/** The flags of every setting but the secret ones, and `--config`. */
export function addSettings(command: Command, keys: readonly (keyof Config)[] = SETTING_KEYS): Command {
  for (const key of keys) {
    if (isSecret(key)) continue;
    const { help, placeholder, fallback } = SETTINGS[key];
    const shown = fallback === "" || help.includes("(default") ? "" : ` (default ${fallback})`;
    command.addOption(new Option(`--${flagOf(key)} <${placeholder}>`, `${help}${shown} [${variableOf(key)}]`));
  }
  return command.option("--config <file>", "JSON file with settings, keys in camel case").allowExcessArguments(false);
}

export function settingsFrom({ config: file, ...flags }: Record<string, string>): Config {
  return readConfig({ flags, environment: process.env, file });
}

/** SIGHUP has the cloud read again. The first other signal lets what runs finish, a second one does not wait. Whatever nobody caught ends the process. */
function stopOnSignals({ log, resync, stop }: RunningServer): void {
  let stopping = false;
  process.on("SIGHUP", () => {
    log.info({ signal: "SIGHUP" }, "reading the cloud again");
    resync();
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info({ signal }, "stopping");
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, "could not stop in order");
          process.exit(1);
        },
      );
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      process.exit(1);
    });
  }
}

function greeting({ valetUrl, valenceUrl, localToken: token, simulatedHardware }: RunningServer): string {
  const lines = [`Ostro is ready: Valet's API at ${valetUrl}, Valence's at ${valenceUrl}`];
  if (token !== null) {
    lines.push(
      `Token: ${token}`,
      "",
      "Make a first plan, two servers in different racks:",
      `curl -s -X POST ${valetUrl}/v1/plans -H 'X-Auth-Token: ${token}' -d '${JSON.stringify(FIRST_PLAN)}'`,
    );
  }
  if (simulatedHardware) {
    lines.push(
      "",
      "Compose a first node, of simulated hardware:",
      `curl -s -X POST ${valenceUrl}/v1/nodes -H 'Content-Type: application/json' -d '${JSON.stringify(FIRST_NODE)}'`,
    );
  }
  return `${lines.join("\n")}\n`;
}

const FIRST_NODE = {
  name: "first",
  properties: { processor: { total_cores: "8" }, memory: { capacity_mib: "16384" } },
};

const FIRST_PLAN = {
  plan_name: "first",
  stack_id: "first",
  resources: {
    web1: { name: "web1", type: "OS::Nova::Server", properties: { flavor: "m1.small" } },
    web2: { name: "web2", type: "OS::Nova::Server", properties: { flavor: "m1.small" } },
    apart: {
      name: "apart",
      type: "ATT::Valet::GroupAssignment",
      properties: { group_type: "diversity", level: "rack", resources: ["web1", "web2"] },
    },
  },
};
