import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { AppError } from "../errors.ts";

const REFUTED = 1;

/** `ostro check-certificate PROBLEM.json CERTIFICATE.json`. Exit codes: 0 it holds, 1 it does not, 2 bad file. */
export function addCheckCertificate(program: Command): void {
  program
    .command("check-certificate")
    .description("Check that a certificate, as ostro plan --certificate writes it, proves a problem impossible.")
    .argument("<problem>", "PROBLEM.json (placement-problem/1)")
    .argument("<certificate>", "CERTIFICATE.json")
    .action(async (problemPath: string, certificatePath: string) => {
      const { readProblemFile } = await import("../core/problem.ts");
      const { checkCertificate } = await import("../core/check-certificate.ts");
      const { readCertificate } = await import("../core/certificate.ts");
      const { dataCenter, application } = await readProblemFile(problemPath);
      if (application === null) throw new AppError("file.invalid", `${problemPath}: app: is missing`);
      const certificate = readCertificate(await textOf(certificatePath), certificatePath);
      const wrong = checkCertificate(dataCenter, application, certificate);
      process.stdout.write(wrong === null ? "The certificate holds.\n" : `The certificate does not hold: ${wrong}.\n`);
      process.exitCode = wrong === null ? 0 : REFUTED;
    });
}

/** @throws AppError file.invalid when it cannot be read */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new AppError("file.invalid", `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}
