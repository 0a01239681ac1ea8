// The scenarios that run on the real cloud of up.sh; run.sh does all of it.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/peers/**/*.scenario.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // There is one cloud.
    fileParallelism: false,
    pool: "forks",
    reporters: ["verbose"],
  },
});
