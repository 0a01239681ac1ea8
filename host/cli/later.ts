import type { Command } from "commander";
import { AppError } from "../errors.ts";

const LATER = {
  "pod-manager": "manage pod managers",
  node: "manage composed nodes",
  device: "manage pooled devices",
};

/** Commands that are promised, so that they say so instead of "unknown command"; they exit 2. */
export function addLater(program: Command): void {
  for (const [name, description] of Object.entries(LATER)) {
    program
      .command(name, { hidden: true })
      .description(`${description} (not available yet)`)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new AppError("config.invalid", `${name} is not available yet`);
      });
  }
}
