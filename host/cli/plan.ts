import { type Command, InvalidArgumentError, Option } from "commander";
import type { ProblemOptions } from "./plan-problem.ts";
import { stackOptions } from "./stack-options.ts";

const REFUSED = 3;

/** `ostro plan PROBLEM.json`: one problem, without a server. Exit codes: 0 placed, 3 no place, 2 bad file. */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("Plan one problem file (placement-problem/1) or Heat template without a server.")
    .argument("<file>", "PROBLEM.json, or a Heat template ending in .yaml or .yml")
    .option("--json", "print the result as JSON")
    .option("--explain", "for a refusal, print how many hosts each rule refused")
    .addOption(new Option("--seed <n>", "equal problem, seed and budget give equal answers").argParser(wholeFrom(0)))
    .addOption(
      new Option("--budget <n>", "work spent on improvement (default 50 per VM, at most 1000)").argParser(wholeFrom(0)),
    )
    .addOption(
      new Option(
        "--deadline <ms>",
        "begin no further step of the search after this time; the first plan is always built",
      ).argParser(wholeFrom(1)),
    )
    .addOption(new Option("--workers <n>", "taken; one problem keeps one worker busy").argParser(wholeFrom(1)));
  for (const option of stackOptions()) command.addOption(option);
  command.action(async (path: string, options: ProblemOptions) => {
    const ok = /\.ya?ml$/i.test(path)
      ? await (await import("./plan-stack.ts")).planStack(path, options)
      : await (await import("./plan-problem.ts")).planProblem(path, options);
    process.exitCode = ok ? 0 : REFUSED;
  });
}

function wholeFrom(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min}.`);
  };
}
