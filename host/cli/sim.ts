import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { MOST_SEED } from "../core/task.ts";
import { AppError } from "../errors.ts";
import type { SimOptions } from "../sim/base/sim.ts";
import { DIALECTS, type DialectName } from "../sim/podm/dialect.ts";
import { wholeFrom } from "./whole.ts";

const PASSWORD_VARIABLE = "OSTRO_SIM_PASSWORD";
const MOST_MS = 600_000;
const MOST_SYSTEMS = 100_000;

interface Flags {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly anonymous?: true;
  readonly latency: number;
  readonly state?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

interface RedfishFlags extends Flags {
  readonly seed: number;
  readonly expand?: true;
}

/** What a simulator is, once made. */
interface Made {
  readonly app: { fetch(request: Request, bindings?: object): Response | Promise<Response> };
  /** `pod manager, RSD 2.4, 48 systems, 24 devices` */
  readonly what: string;
  /** Of ours that speaks to it. */
  readonly driver: string;
  /** To be added to the address it listens at. */
  readonly path: string;
}

/** `ostro sim podm|redfish|eem`: hardware that does not exist, until SIGTERM or SIGINT. */
export function addSim(program: Command): void {
  const sim = program.command("sim").description("Serve simulated hardware, to try the hardware API without any.");
  addPodm(sim);
  addRedfish(sim);
  addEem(sim);
}

function addPodm(sim: Command): void {
  withRedfish(kind(sim, "podm", 8190, "a pod manager as Intel's (RSD), for the driver redfishv1"))
    .addOption(new Option("--dialect <version>", "version of its API").choices(DIALECTS).default("2.4"))
    .addOption(count("--systems <n>", "computer systems", 1).default(48))
    .addOption(count("--devices <n>", "pooled drives, NICs, GPUs and FPGAs", 0).default(24))
    .addOption(count("--composed <n>", "nodes that are composed already (default 6 of 48 systems, else 0)", 0))
    .addOption(duration("--assemble <ms>", "from the order until a node is assembled").default(2_000))
    .addOption(duration("--reset <ms>", "until a reset has taken effect").default(1_000))
    .action(
      async (
        flags: RedfishFlags & {
          dialect: DialectName;
          systems: number;
          devices: number;
          composed?: number;
          assemble: number;
          reset: number;
        },
      ) => {
        const { dialect, systems, devices, composed, assemble: assembleMs, reset: resetMs } = flags;
        const { createPodmSim } = await import("../sim/podm.ts");
        const { app } = createPodmSim({
          ...redfishOptions(flags),
          dialect,
          systems,
          devices,
          ...(composed === undefined ? {} : { composed }),
          assembleMs,
          resetMs,
        });
        const what = `pod manager, RSD ${dialect}, ${systems} systems, ${devices} devices`;
        await serve({ app, what, driver: "redfishv1", path: "" }, flags);
      },
    );
}

function addRedfish(sim: Command): void {
  withRedfish(kind(sim, "redfish", 8191, "a service with DMTF's CompositionService, for the driver redfishv2"))
    .addOption(count("--zones <n>", "zones of blocks, a rack each", 1).default(2))
    .addOption(count("--compute <n>", "blocks that systems are made of", 1).default(8))
    .addOption(count("--devices <n>", "blocks with drives, NICs, GPUs, FPGAs and memory", 0).default(12))
    .addOption(duration("--compose <ms>", "how long blocks are Composing").default(0))
    .addOption(duration("--task <ms>", "composing is a task of this length; 0: done when answered").default(0))
    .addOption(duration("--reset <ms>", "until a reset has taken effect").default(1_000))
    .action(
      async (
        flags: RedfishFlags & {
          zones: number;
          compute: number;
          devices: number;
          compose: number;
          task: number;
          reset: number;
        },
      ) => {
        const { zones, compute, devices, compose: composeMs, task: taskMs, reset: powerMs } = flags;
        const { createRedfishSim } = await import("../sim/redfish.ts");
        const { app } = createRedfishSim({
          ...redfishOptions(flags),
          zones,
          compute,
          devices,
          composeMs,
          taskMs,
          powerMs,
        });
        const what = `CompositionService, ${zones} zones, ${compute} compute blocks, ${devices} devices`;
        await serve({ app, what, driver: "redfishv2", path: "" }, flags);
      },
    );
}

function addEem(sim: Command): void {
  kind(sim, "eem", 8192, "an ExpEther manager (EEM), for the driver expether")
    .addOption(count("--servers <n>", "boards of servers", 1).default(4))
    .addOption(count("--devices <n>", "I/O boards with a device each", 0).default(20))
    .action(async (flags: Flags & { servers: number; devices: number }) => {
      const { servers, devices } = flags;
      const { createEemSim, EEM_PATH } = await import("../sim/eem.ts");
      const { app } = createEemSim({ ...simOptions(flags), servers, devices });
      const what = `ExpEther manager, ${servers} servers, ${devices} devices`;
      await serve({ app, what, driver: "expether", path: EEM_PATH }, flags);
    });
}

/** A subcommand with what all simulators take. */
function kind(sim: Command, name: string, port: number, description: string): Command {
  return sim
    .command(name)
    .description(`Serve ${description}.`)
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(
      new Option("--port <n>", "port to listen on, 0 for any free one").argParser(wholeFrom(0, 65_535)).default(port),
    )
    .addOption(new Option("--user <name>", `name to ask for; its password: ${PASSWORD_VARIABLE}`).default("admin"))
    .option("--anonymous", "ask for no name and password")
    .addOption(duration("--latency <ms>", "wait before each answer").default(0))
    .option("--state <file>", "keep the hardware as it is left, for the next start")
    .option("--tls-cert <file>", "serve https with this certificate (PEM)")
    .option("--tls-key <file>", "its key (PEM)")
    .allowExcessArguments(false);
}

function withRedfish(command: Command): Command {
  return command
    .addOption(
      new Option("--seed <n>", "equal seeds make equal hardware").argParser(wholeFrom(0, MOST_SEED)).default(1),
    )
    .option("--expand", "answer $expand");
}

function count(flags: string, description: string, least: number): Option {
  return new Option(flags, description).argParser(wholeFrom(least, MOST_SYSTEMS));
}

function duration(flags: string, description: string): Option {
  return new Option(flags, description).argParser(wholeFrom(0, MOST_MS));
}

function simOptions({ anonymous, user, latency, state }: Flags): SimOptions & { stateFile?: string } {
  if (anonymous !== true && user === "")
    throw new AppError("config.invalid", "--user must not be empty, see --anonymous");
  const password = process.env[PASSWORD_VARIABLE];
  return {
    username: anonymous === true ? "" : user,
    ...(password === undefined ? {} : { password }),
    latencyMs: latency,
    ...(state === undefined ? {} : { stateFile: state }),
  };
}

function redfishOptions(flags: RedfishFlags) {
  return { ...simOptions(flags), seed: flags.seed, expand: flags.expand === true };
}

async function serve({ app, what, driver, path }: Made, flags: Flags): Promise<void> {
  const { listenSim } = await import("../sim/base/listen.ts");
  const { tlsCert, tlsKey, host, port } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new AppError("config.invalid", "--tls-cert and --tls-key go together");
  }
  const tls = tlsCert === undefined ? {} : { tls: { cert: pem(tlsCert), key: pem(tlsKey!) } };
  const { url, close } = await listenSim(app, { host, port, ...tls });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void close().then(() => process.exit(0)));
  }
  process.stdout.write(`Simulated ${what}: ${url}${path}\n${registration(url + path, driver, flags)}\n`);
}

function pem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError("config.invalid", `${file}: cannot be read (${code})`, { cause });
  }
}

/** How a service on this machine comes to know it. */
function registration(url: string, driver: string, { user, anonymous, tlsCert }: Flags): string {
  const own = process.env[PASSWORD_VARIABLE] !== undefined;
  const password = own ? `'"$${PASSWORD_VARIABLE}"'` : "Passw0rd";
  const body = {
    name: `sim-${new URL(url).port || driver}`,
    url,
    driver,
    ...(tlsCert === undefined ? {} : { verify_ca: false }),
    authentication: [{ type: "basic", auth_items: { username: anonymous === true ? "anyone" : user, password } }],
  };
  const text = JSON.stringify(body).replace(JSON.stringify(password), `"${password}"`);
  return `curl -s -X POST http://127.0.0.1:8181/v1/pod_managers -H 'Content-Type: application/json' -d '${text}'`;
}
