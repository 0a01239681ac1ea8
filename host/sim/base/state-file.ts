import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../../errors.ts";

/**
 * What a simulator keeps beyond its process. Written whole and renamed before an answer leaves: a simulator that is killed
 * knows its hardware again.
 */
export class StateFile<T> {
  readonly #path: string;
  readonly #shape: string;

  /** `shape` tells what hardware the state belongs to; a file of other hardware is not read. */
  constructor(path: string, shape: string) {
    this.#path = path;
    this.#shape = shape;
  }

  /** Null: there is none yet. Throws file.invalid. */
  load(): T | null {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw this.#invalid(`cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
    }
    let file: unknown;
    try {
      file = JSON.parse(text);
    } catch (cause) {
      throw this.#invalid("is not JSON", cause);
    }
    const { shape, state } = (file ?? {}) as { shape?: unknown; state?: T };
    if (typeof shape !== "string" || state === undefined) throw this.#invalid("is no state of a simulator", undefined);
    if (shape !== this.#shape) throw this.#invalid(`is of other hardware (${shape}, not ${this.#shape})`, undefined);
    return state;
  }

  /** Throws file.invalid. */
  save(state: T): void {
    const fresh = `${this.#path}.${process.pid}.tmp`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(fresh, JSON.stringify({ shape: this.#shape, state }), { mode: 0o600 });
      renameSync(fresh, this.#path);
    } catch (cause) {
      throw this.#invalid(`cannot be written (${(cause as NodeJS.ErrnoException).code})`, cause);
    }
  }

  #invalid(what: string, cause: unknown): AppError {
    const advice = "Choose another state file, or delete it to begin anew.";
    return new AppError("file.invalid", `${this.#path} ${what}. ${advice}`, { cause });
  }
}
