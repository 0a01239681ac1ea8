import { type Command, Option } from "commander";
import { MOST_BUDGET, MOST_SEED } from "../core/task.ts";
import { DATA_CENTER } from "./data-center.ts";
import type { SimulateOptions } from "./simulate-options.ts";
import { MOST_WORKERS, wholeFrom } from "./whole.ts";

const REFUSED = 3;

/**
 * `ostro simulate TRACE.csv` replays arrivals and departures; `ostro simulate CASE.json` plans a cloud-balancing case.
 * Exit codes: 0 done (a trace may hold refusals), 3 a case without a place for all, 2 a bad file or option.
 */
export function addSimulate(program: Command): void {
  const command = program
    .command("simulate")
    .description(
      "Replay a trace of arrivals and departures (CSV), or plan a cloud-balancing case (JSON); write a report.",
    )
    .argument("<file>", "TRACE.csv, or a case of OptaPlanner's cloud balancing ending in .json")
    .addOption(
      new Option("--datacenter <name>", "where a trace is replayed: sim:RACKSxHOSTS or FILE.json")
        .env("OSTRO_DATACENTER")
        .default(DATA_CENTER),
    )
    .addOption(new Option("--out <dir>", "folder of the report").env("OSTRO_OUT").default("ostro-report"))
    .option("--json", "print the figures as JSON")
    .addOption(
      new Option("--seed <n>", "equal file, seed and budget give equal answers")
        .env("OSTRO_SEED")
        .default(1)
        .argParser(wholeFrom(0, MOST_SEED)),
    )
    .addOption(
      new Option(
        "--budget <n>",
        "work spent on improving each plan (default 50 per VM, at most 1000; for a case 100000)",
      )
        .env("OSTRO_BUDGET")
        .argParser(wholeFrom(0, MOST_BUDGET)),
    )
    .addOption(
      new Option("--workers <n>", "share a budget from 5000 on between searches on so many threads, as in ostro plan")
        .env("OSTRO_WORKERS")
        .argParser(wholeFrom(1, MOST_WORKERS)),
    );
  command.action(async (path: string, options: SimulateOptions) => {
    if (!/\.json$/i.test(path)) return await (await import("./simulate-trace.ts")).simulateTrace(path, options);
    if (command.getOptionValueSource("datacenter") === "cli") command.error("--datacenter goes with a trace only");
    const placed = await (await import("./simulate-case.ts")).simulateCase(path, options);
    process.exitCode = placed ? 0 : REFUSED;
  });
}
