#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { addCheckCertificate } from "./cli/check-certificate.ts";
import { addConfig } from "./cli/config-import.ts";
import { addDb } from "./cli/db.ts";
import { addDevice } from "./cli/device.ts";
import { addFlavor } from "./cli/flavor.ts";
import { addGroup } from "./cli/group.ts";
import { addListen } from "./cli/listen.ts";
import { addNode } from "./cli/node.ts";
import { addPlan } from "./cli/plan.ts";
import { addPodManager } from "./cli/pod-manager.ts";
import { RemoteError } from "./cli/remote.ts";
import { addResync } from "./cli/resync.ts";
import { addServe } from "./cli/serve.ts";
import { addSim } from "./cli/sim.ts";
import { addSimulate } from "./cli/simulate.ts";
import { AppError } from "./errors.ts";

// Exit codes: 0 done, 1 failure, 2 an option, setting or file is wrong, 3 (ostro plan) no place for the application.

const USERS_FAULT: ReadonlySet<string> = new Set([
  "config.invalid",
  "file.invalid",
  "application.invalid",
  "request.invalid",
]);

const program = new Command("ostro")
  .description("Plans where the virtual machines of an OpenStack application run, as a whole.")
  .exitOverride()
  .configureOutput({ outputError: (message, write) => write(`ostro: ${oneLine(message.replace(/^error: /, ""))}\n`) });
addServe(program);
addPlan(program);
addSimulate(program);
addSim(program);
addCheckCertificate(program);
addDb(program);
addListen(program);
addGroup(program);
addConfig(program);
addResync(program);
addPodManager(program);
addFlavor(program);
addNode(program);
addDevice(program);

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof RemoteError) {
    process.stderr.write(`${error.message.trim()}\n`);
    return 1;
  }
  if (!(error instanceof AppError)) {
    process.stderr.write(`ostro: ${unexpected(error)}\n`);
    return 1;
  }
  process.stderr.write(`ostro: ${oneLine(error.message)}\n`);
  return USERS_FAULT.has(error.code) ? 2 : 1;
}

/** What the operating system refuses says enough in its message; anything else is ours to find. */
function unexpected(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "syscall" in error ? oneLine(error.message) : (error.stack ?? error.message);
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}
