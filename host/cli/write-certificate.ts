import { writeFile } from "node:fs/promises";
import type { Plan, Refusal } from "../core/model.ts";
import { AppError } from "../errors.ts";

/** Writes the proof of a refusal to a file, where there is one; says on stderr when there is none. */
export async function writeCertificate(path: string | undefined, outcome: Plan | Refusal): Promise<void> {
  if (path === undefined) return;
  const certificate = outcome.ok ? null : outcome.certificate;
  if (certificate === null) process.stderr.write(`ostro: nothing is proven impossible, so ${path} is not written\n`);
  else await write(path, `${JSON.stringify(certificate)}\n`);
}

/** @throws AppError config.invalid when there can be no such file */
async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError("config.invalid", `--certificate ${path}: cannot be written (${code})`, { cause });
  }
}
