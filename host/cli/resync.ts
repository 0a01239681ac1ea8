import type { Command } from "commander";
import { sortedJson } from "./json.ts";
import { addRemote, type RemoteFlags, withRemote } from "./remote.ts";

/** `ostro resync`: has a running service read everything from its cloud again; does not wait for the end. */
export function addResync(program: Command): void {
  addRemote(program.command("resync").description("Have a running service read the cloud again."))
    .allowExcessArguments(false)
    .action(async (flags: RemoteFlags) => {
      await withRemote(flags, async (ask) => {
        process.stdout.write(`${sortedJson(await ask("POST", "/v1/resync"))}\n`);
      });
    });
}
