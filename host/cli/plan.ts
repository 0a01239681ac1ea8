import { type Command, Option } from "commander";
import { LONGEST_DEADLINE_MS, MOST_BUDGET, MOST_SEED } from "../core/task.ts";
import { type StackOptions, stackOptions } from "./stack-options.ts";
import { MOST_WORKERS, wholeFrom } from "./whole.ts";

const REFUSED = 3;

/** `ostro plan PROBLEM.json`: one problem, without a server. Exit codes: 0 placed, 3 no place, 2 bad file. */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("Plan one problem file (placement-problem/1) or Heat template without a server.")
    .argument("<file>", "PROBLEM.json, or a Heat template ending in .yaml or .yml")
    .option("--json", "print the result as JSON")
    .option(
      "--explain",
      "say why each VM is where it is, or why there is no place: hosts per rule, costs, the next best host",
    )
    .option("--certificate <file>", "write the proof there when no plan is possible")
    .addOption(
      new Option("--seed <n>", "equal problem, seed and budget give equal answers").argParser(wholeFrom(0, MOST_SEED)),
    )
    .addOption(
      new Option("--budget <n>", "work spent on improvement (default 50 per VM, at most 1000)").argParser(
        wholeFrom(0, MOST_BUDGET),
      ),
    )
    .addOption(
      new Option("--deadline <ms>", "answer within this time; without --budget, search until then").argParser(
        wholeFrom(1, LONGEST_DEADLINE_MS),
      ),
    )
    .addOption(
      new Option(
        "--workers <n>",
        "share a budget from 5000 on between searches on so many threads; equal answers for any number",
      ).argParser(wholeFrom(1, MOST_WORKERS)),
    );
  for (const option of stackOptions()) command.addOption(option);
  command.action(async (path: string, options: StackOptions) => {
    const ok = /\.ya?ml$/i.test(path)
      ? await (await import("./plan-stack.ts")).planStack(path, options)
      : await (await import("./plan-problem.ts")).planProblem(path, options);
    process.exitCode = ok ? 0 : REFUSED;
  });
}
