import { writeFile } from "node:fs/promises";
import type { Plan, Refusal } from "../core/model.ts";

/** Writes the proof of a refusal to a file, where there is one; says on stderr when there is none. */
export async function writeCertificate(path: string | undefined, outcome: Plan | Refusal): Promise<void> {
  if (path === undefined) return;
  const certificate = outcome.ok ? null : outcome.certificate;
  if (certificate === null) process.stderr.write(`ostro: nothing is proven impossible, so ${path} is not written\n`);
  else await writeFile(path, `${JSON.stringify(certificate)}\n`);
}
