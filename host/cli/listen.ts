import type { Command } from "commander";
import { brokersOf, followBus } from "../bus.ts";
import type { Config } from "../config.ts";
import { createLog, type Logger } from "../log.ts";
import type { Reading } from "../openstack/messages.ts";
import { addListenOptions, type ListenOptions, readListenOptions, readPassword } from "./listen-options.ts";
import { printed } from "./message-print.ts";
import { addSettings, settingsFrom } from "./serve.ts";

/** Beyond, a reader that stopped reading costs output, not memory. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024;

/** `ostro listen`: the original's ostro-listener, as a process beside the service or in place of its own listening. */
export function addListen(program: Command): void {
  const command = program
    .command("listen")
    .description("Print what Nova says on the message bus, or apply it to the store of a running service.");
  addListenOptions(command);
  addSettings(command, ["busUrl", "busCa", "busDurable", "database", "stateDir", "pendingGraceSeconds", "logLevel"]);
  command.action(async (flags: Record<string, string>) => {
    const options = readListenOptions(flags, process.env);
    const config = merged(options, settingsOf(flags));
    const log = createLog(config.logLevel);
    for (const name of options.obsolete) log.warn(`--${name} is not used: there is no Music, see --database`);
    const brokers = brokersOf(config)!;
    const shows = options.outputFormat !== null || options.store !== true;
    const read = shows ? printing(options.outputFormat ?? "dict", config.busExchange, log) : () => {};
    const sink = options.store === true ? await openSink(config, log) : null;
    const following = followBus(brokers, config, { sink, read, log });
    stopOnSignals(async () => {
      await following.close();
      await sink?.close();
    });
  });
}

/** Commander has read the original's options into the same object. */
function settingsOf(flags: Readonly<Record<string, string>>): Config {
  const ours = ["busUrl", "busCa", "busDurable", "database", "stateDir", "pendingGraceSeconds", "logLevel", "config"];
  return settingsFrom(Object.fromEntries(Object.entries(flags).filter(([name]) => ours.includes(name))));
}

function merged(options: ListenOptions, config: Config): Config {
  const { exchange, exchangeType, autoDelete, username, passwdfile } = options;
  const host = options.host ?? "localhost";
  const url = `amqp://${encodeURIComponent(username ?? "guest")}@${host.includes(":") ? `[${host}]` : host}:${options.port ?? 5672}`;
  const named = options.host !== null || options.port !== null || username !== null || config.busUrl === "";
  return {
    ...config,
    busUrl: named ? url : config.busUrl,
    busPassword: passwdfile === null ? config.busPassword : readPassword(passwdfile, host),
    busExchange: exchange ?? config.busExchange,
    busExchangeType: exchangeType ?? config.busExchangeType,
    busAutoDelete: autoDelete ?? config.busAutoDelete,
  };
}

function printing(format: NonNullable<ListenOptions["outputFormat"]>, exchange: string, log: Logger) {
  let skipped = 0;
  return (reading: Reading): void => {
    if (reading.changes.length === 0) return;
    if (process.stdout.writableLength > MOST_UNREAD_BYTES) {
      if (skipped++ === 0) log.warn("nobody reads the output: messages are skipped");
      return;
    }
    skipped = 0;
    process.stdout.write(printed(format, exchange, reading, Date.now()));
  };
}

/** The store that the service uses as well; what it knows of hosts and flavors stays as it is. */
async function openSink(config: Config, log: Logger) {
  // Loaded late: who only looks needs no store.
  const [{ openStore }, { InventoryService }, { ServerService }] = await Promise.all([
    import("../../db/client.ts"),
    import("../services/inventory.ts"),
    import("../services/servers.ts"),
  ]);
  const store = await openStore(config.database);
  const inventory = await InventoryService.open(store, null);
  const { pendingGraceSeconds } = config;
  const warn = (message: string, details: object) => log.warn(details, message);
  const servers = new ServerService({ store, inventory, pendingGraceSeconds, log: warn });
  return {
    servers,
    inventory,
    reread: (what: string) => log.info({ what }, "the service should read this again"),
    async close() {
      await inventory.close();
      await store.close();
    },
  };
}

function stopOnSignals(close: () => Promise<void>): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => void close().then(() => process.exit(0)));
  }
}
