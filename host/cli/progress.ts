import { Presets, SingleBar } from "cli-progress";

/** A bar on standard error while a terminal looks at it; silent elsewhere. */
export class Progress {
  readonly #bar: SingleBar | null;

  /** `total`: in the unit of `update`; `text`: what stands behind the bar, with {names} of details. */
  constructor(total: number, text: string, details: Record<string, number>) {
    this.#bar = process.stderr.isTTY
      ? new SingleBar(
          {
            format: `{bar} {percentage} % ${text}, {eta_formatted} to go`,
            stream: process.stderr,
            hideCursor: true,
            clearOnComplete: true,
          },
          Presets.shades_classic,
        )
      : null;
    this.#bar?.start(total, 0, details);
  }

  update(done: number, details: Record<string, number>): void {
    this.#bar?.update(done, details);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
