// What goes on at the hardware while a command waits for it, on standard error.
import { randomUUID } from "node:crypto";
import { SingleBar } from "cli-progress";
import type { HardwareApi } from "./hardware.ts";

/** Time between two looks, ms. */
const EACH_MS = 500;

/**
 * Does the work with headers that name its request, and meanwhile shows the step of the operation that the request began:
 * on a terminal in one line that goes again, elsewhere a line a step.
 */
export async function whileShown<T>(
  api: HardwareApi,
  what: string,
  work: (headers: Record<string, string>) => Promise<T>,
): Promise<T> {
  const requestId = `req-${randomUUID()}`;
  const line = process.stderr.isTTY ? new TerminalLine(what) : new LogLines(what);
  let ended = false;
  let wake = () => {};
  const watching = (async () => {
    while (!ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, EACH_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (ended) return;
      // Whether it can be looked at is of no account to the work.
      const [operation] = await api.list("/v1/operations", { request_id: requestId }).catch(() => []);
      if (operation) line.show(`${operation.direction === "back" ? "undoing " : ""}${operation.step ?? "beginning"}`);
    }
  })();
  try {
    return await work({ "X-Openstack-Request-Id": requestId });
  } finally {
    ended = true;
    wake();
    await watching;
    line.end();
  }
}

class TerminalLine {
  readonly #bar: SingleBar;

  constructor(what: string) {
    this.#bar = new SingleBar({
      format: "{what}: {step}, {duration_formatted}",
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    });
    this.#bar.start(1, 0, { what, step: "asked" });
  }

  show(step: string): void {
    this.#bar.update(0, { step });
  }

  end(): void {
    this.#bar.stop();
  }
}

class LogLines {
  readonly #what: string;
  #last = "";

  constructor(what: string) {
    this.#what = what;
  }

  show(step: string): void {
    if (step === this.#last) return;
    this.#last = step;
    process.stderr.write(`${this.#what}: ${step}\n`);
  }

  end(): void {}
}
