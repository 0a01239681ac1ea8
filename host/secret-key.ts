// The key that encrypts the passwords of pod managers: of the settings, or made at the first start.

import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "./config.ts";
import { AppError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { LEAST_KEY_CHARACTERS, Secrets } from "./services/hardware/secrets.ts";

/** @throws AppError config.invalid when the file cannot be read, is open to others or holds no key; no message repeats it */
export async function openSecrets(config: Config, log: Logger): Promise<Secrets> {
  const { secretKey, secretKeyFile, stateDir, database } = config;
  if (secretKey !== "") return new Secrets(secretKey);
  if (secretKeyFile !== "") return new Secrets(await keyIn(secretKeyFile));
  const path = join(stateDir, "secret-key");
  const made = await make(path);
  if (made && database.startsWith("postgres"))
    log.warn(
      { file: path },
      "a key for the passwords of pod managers was made: other processes on this store need the same, as OSTRO_SECRET_KEY or --secret-key-file",
    );
  return new Secrets(await keyIn(path));
}

/** False: it is there. */
async function make(path: string): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
    // wx: of two processes that start together one makes the key and the other reads it.
    await writeFile(path, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
    await chmod(path, 0o600);
    return true;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    throw new AppError("config.invalid", `${path}: cannot be written (${code})`, { cause });
  }
}

async function keyIn(path: string): Promise<string> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8);
      throw new AppError("config.invalid", `${path}: others can read it (mode ${shown}); chmod 600 ${path}`);
    }
    text = (await readFile(path, "utf8")).trim();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError("config.invalid", `${path}: cannot be read (${code})`, { cause });
  }
  if (text.length >= LEAST_KEY_CHARACTERS) return text;
  throw new AppError(
    "config.invalid",
    `${path}: holds no key, expected at least ${LEAST_KEY_CHARACTERS} characters, as from: openssl rand -base64 32`,
  );
}
