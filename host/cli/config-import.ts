import { chmodSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { type Config, SETTING_KEYS, SETTINGS, variableOf } from "../config.ts";
import { AppError } from "../errors.ts";
import { convert } from "./config-convert.ts";

interface Flags {
  readonly out?: string;
  readonly withSecrets?: true;
}

/** `ostro config import`: files of the originals as a file for `--config`; what was not taken is told on standard error. */
export function addConfig(program: Command): void {
  const config = program.command("config").description("Look after configuration files.");
  config
    .command("import <file...>")
    .description("Convert valet.conf, valence.conf, ostro-listener.conf or havalet's file to a file for --config.")
    .option("--out <file>", "write it there, readable by the owner only, with its secrets")
    .option("--with-secrets", "print the secrets too")
    .action((paths: string[], { out, withSecrets }: Flags) => {
      const { settings, notes } = convert(paths);
      const secrets = SETTING_KEYS.filter((key) => isSecret(key) && settings[key] !== undefined);
      for (const note of notes) process.stderr.write(`${note}\n`);
      if (out !== undefined) {
        write(out, json(settings));
        return;
      }
      if (withSecrets) {
        process.stdout.write(json(settings));
        return;
      }
      for (const key of secrets)
        process.stderr.write(`${key} is not printed: give --out FILE or --with-secrets, or set ${variableOf(key)}\n`);
      process.stdout.write(
        json(Object.fromEntries(Object.entries(settings).filter(([key]) => !secrets.includes(key as keyof Config)))),
      );
    });
}

function isSecret(key: keyof Config): boolean {
  const { secret }: { readonly secret?: boolean } = SETTINGS[key];
  return secret === true;
}

function json(settings: object): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
    // Whatever the mask of the shell says.
    chmodSync(path, 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === "EEXIST" ? "exists already" : `cannot be written (${code})`;
    throw new AppError("config.invalid", `--out ${path}: ${reason}`, { cause });
  }
}
