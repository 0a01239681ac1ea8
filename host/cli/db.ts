import type { Command } from "commander";
import { addSettings, settingsFrom } from "./serve.ts";

/** `ostro db migrate`: bring the store's schema up to date, without serving. */
export function addDb(program: Command): void {
  const db = program.command("db").description("Look after the store.");
  addSettings(db.command("migrate").description("Bring the schema of the store up to date."), [
    "database",
    "stateDir",
  ]).action(async (flags: Record<string, string>) => {
    const { openStore } = await import("../../db/client.ts");
    const store = await openStore(settingsFrom(flags).database);
    await store.close();
    process.stdout.write("The schema is up to date.\n");
  });
}
