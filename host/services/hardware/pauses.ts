/** Nothing waits longer between two tries, ms. */
const LONGEST_MS = 60_000;

/** Pauses between tries: each twice as long as the one before, cut short when somebody asks or the signal is aborted. */
export class Pauses {
  readonly #firstMs: number;
  readonly #signal: AbortSignal;
  #nextMs: number;
  #woken = false;
  #wake: () => void = () => {};

  constructor(firstMs: number, signal: AbortSignal) {
    this.#firstMs = firstMs;
    this.#nextMs = firstMs;
    this.#signal = signal;
  }

  /** Rejects with the signal's reason. */
  async take(): Promise<void> {
    this.#signal.throwIfAborted();
    const ms = this.#nextMs;
    this.#nextMs = Math.min(2 * ms, LONGEST_MS);
    if (!this.#woken)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#signal.addEventListener("abort", this.#wake, { once: true });
      });
    this.#signal.removeEventListener("abort", this.#wake);
    this.#woken = false;
    this.#signal.throwIfAborted();
  }

  /** Ends the pause, or the next one if there is none at the moment. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** The next one is as short as the first. */
  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
