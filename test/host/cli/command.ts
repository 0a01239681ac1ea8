import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../../dist/host/cli.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command as a user runs it; the environment holds nothing of ours but what `environment` says. */
export function start(args: readonly string[], environment: Record<string, string> = {}) {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing, run npm run build`);
  const inherited = Object.entries(process.env).filter(([name]) => !/^OS(TRO)?_/.test(name));
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...Object.fromEntries(inherited), ...environment } });
  let out = "";
  let err = "";
  const watchers = new Set<() => void>();
  const heard = () => {
    for (const watcher of watchers) watcher();
  };
  child.stdout.on("data", (chunk) => {
    out += chunk;
    heard();
  });
  child.stderr.on("data", (chunk) => {
    err += chunk;
    heard();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, out, err });
      heard();
    });
  });
  return {
    child,
    finished,
    /** Resolves when standard output matches; rejects when the command ends before. */
    printed: (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(out);
          if (!match && child.exitCode === null) return;
          watchers.delete(look);
          if (match) resolve(match);
          else reject(new Error(`ended with ${child.exitCode}: ${out}${err}`));
        };
        watchers.add(look);
        look();
      }),
    output: () => ({ out, err }),
  };
}

export function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Finished> {
  return start(args, environment).finished;
}
