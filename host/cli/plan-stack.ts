import { Inventory } from "../core/inventory.ts";
import { type DataCenter, type Explanation, GROUP_TYPES, LEVELS, type Plan, type Refusal } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { type ApplicationContext, toApplication } from "../services/application.ts";
import { quoteSome } from "../services/application-fault.ts";
import type { KnownGroup } from "../services/application-groups.ts";
import { SERVER } from "../services/application-resources.ts";
import { type ExpandedStack, expandTemplate } from "../services/heat-template.ts";
import { DATA_CENTER, readDataCenter } from "./data-center.ts";
import { explainOnce, solveOnce } from "./plan-solve.ts";
import { planTable, refusalText } from "./plan-table.ts";
import type { StackOptions } from "./stack-options.ts";
import { writeCertificate } from "./write-certificate.ts";

const PROJECT = "demo";

/**
 * `ostro plan stack.yaml`: plans a Heat template as Heat's plugin would have it planned, without a server. Prints the
 * answer; false: there is no place.
 * @throws AppError file.invalid, config.invalid or application.invalid; what is wrong in a template with file and line
 */
export async function planStack(path: string, options: StackOptions): Promise<boolean> {
  const started = performance.now();
  const stack = expandTemplate(path, pairs(options.parameter ?? []));
  for (const note of stack.notes) process.stderr.write(`note: ${note}\n`);
  const dataCenter = await readDataCenter(options.datacenter ?? DATA_CENTER);
  const groups = [...stack.groups.map(ofTemplate), ...(options.group ?? []).map(ofOption)];
  const { application } = translate(stack, contextOf(dataCenter, groups), path);
  if (application.vms.length === 0)
    throw new AppError("application.invalid", `${path}: has no OS::Nova::Server, so there is nothing to plan`);
  const inventory = new Inventory(dataCenter);
  const loaded = performance.now();
  const outcome = await solveOnce(inventory, application, options);
  const explanation = await explainOnce(inventory, application, outcome, options.explain);

  const ms = { load: loaded - started, search: outcome.searchMs, total: performance.now() - started };
  const text = options.json
    ? json(outcome, explanation, ms, stack)
    : table(outcome, explanation, ms, stack, dataCenter, options.explain === true);
  process.stdout.write(`${text}\n`);
  await writeCertificate(options.certificate, outcome);
  return outcome.ok;
}

interface Times {
  readonly load: number;
  readonly search: number;
  readonly total: number;
}

function table(
  outcome: Plan | Refusal,
  explanation: Explanation | null,
  ms: Times,
  stack: ExpandedStack,
  dataCenter: DataCenter,
  explain: boolean,
): string {
  const text = outcome.ok
    ? planTable(withPaths(outcome, stack), dataCenter, explanation && explainedByPath(explanation, stack))
    : readable(refusalText(outcome, explain), stack, false);
  return `${text}\nload ${ms.load.toFixed(1)} ms, search ${ms.search.toFixed(1)} ms, total ${ms.total.toFixed(1)} ms`;
}

/** As `ostro plan PROBLEM.json --json`, and `servers`: orchestration id -> path in the stack. */
function json(outcome: Plan | Refusal, explanation: Explanation | null, ms: Times, stack: ExpandedStack): string {
  const rounded = Object.fromEntries(Object.entries(ms).map(([what, value]) => [what, Number(value.toFixed(3))]));
  const servers = Object.entries(stack.request.resources).filter(([, { type }]) => type === SERVER);
  return JSON.stringify({
    solver: "ostro",
    ok: outcome.ok,
    reason: outcome.ok ? null : readable(outcome.reason, stack, false),
    ms: rounded,
    ...(outcome.ok
      ? { placements: outcome.placements, objective: outcome.objective, bound: outcome.bound, optimal: outcome.optimal }
      : { placements: {}, proven: outcome.proven, rule: outcome.rule, vm: outcome.vm, refused: outcome.refused }),
    ...(explanation === null ? {} : { explanation }),
    stats: outcome.stats,
    servers: Object.fromEntries(servers.map(([id]) => [id, stack.origins.get(id)!.path])),
  });
}

function pairs(parameters: readonly string[]): Map<string, string> {
  return new Map(
    parameters.map((text): [string, string] => {
      const at = text.indexOf("=");
      if (at < 1) throw new AppError("config.invalid", `--parameter (${text}) must be NAME=VALUE`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function ofTemplate({ id, name, type, level }: ExpandedStack["groups"][number]): KnownGroup {
  return { id, name, type, level: LEVELS.find((one) => one === level) ?? null, members: [PROJECT] };
}

function ofOption(text: string): KnownGroup {
  const [name, type, level, ...more] = text.split(":");
  const known = { type: GROUP_TYPES.find((one) => one === type), level: LEVELS.find((one) => one === level) };
  if (!name || !known.type || !known.level || more.length > 0)
    throw new AppError(
      "config.invalid",
      `--group (${text}) must be NAME:TYPE:LEVEL, TYPE one of ${GROUP_TYPES.join(", ")}, LEVEL one of ${LEVELS.join(", ")}`,
    );
  return { id: name, name, type: known.type, level: known.level, members: [PROJECT] };
}

function contextOf(dataCenter: DataCenter, groups: readonly KnownGroup[]): ApplicationContext {
  const flavors = new Map(dataCenter.flavors.flatMap((flavor) => [[flavor.id, flavor] as const]));
  for (const flavor of dataCenter.flavors) flavors.set(flavor.name, flavor);
  const known = new Map(groups.flatMap((group) => [[group.id, group] as const, [group.name, group] as const]));
  const zones = new Set(dataCenter.hosts.flatMap(({ zone }) => (zone === null ? [] : [zone])));
  return { projectId: PROJECT, flavor: (name) => flavors.get(name), group: (name) => known.get(name), zones };
}

/** toApplication, its faults told in terms of the template. */
function translate(stack: ExpandedStack, context: ApplicationContext, path: string): ReturnType<typeof toApplication> {
  try {
    return toApplication(stack.request, context);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const message = readable(error.message, stack, true);
    if (error.code !== "group.not-found") throw new AppError("application.invalid", message, { cause: error });
    const missing = missingGroups(stack, context);
    const example = missing.slice(0, 2).map((name) => {
      const type = GROUP_TYPES.find((one) => name.toLowerCase().includes(one)) ?? "affinity";
      return `--group ${name}:${type}:host`;
    });
    throw new AppError(
      "config.invalid",
      `${message}\n${path} needs named groups: ${quoteSome(missing, 20)}. Give each its type and level, e.g. ${example.join(" ")}`,
      { cause: error },
    );
  }
}

/** All at once, so that one need not ask again for each. */
function missingGroups(stack: ExpandedStack, context: ApplicationContext): string[] {
  const missing = new Set<string>();
  const group = (name: string): KnownGroup => {
    const known = context.group(name);
    if (known) return known;
    missing.add(name);
    return { id: name, name, type: "exclusivity", level: "host", members: [PROJECT] };
  };
  try {
    toApplication(stack.request, { ...context, group });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
  return [...missing];
}

/** Orchestration ids of the expansion mean nothing to a reader; paths do, with the line where it helps. */
function readable(text: string, { origins }: ExpandedStack, withLine: boolean): string {
  return text.replace(/"?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"?/g, (found) => {
    const origin = origins.get(found.replaceAll('"', ""));
    if (!origin) return found;
    return withLine ? `"${origin.path}" (${origin.at})` : origin.path;
  });
}

function withPaths(plan: Plan, { origins }: ExpandedStack): Plan {
  const placements = Object.entries(plan.placements).map(([id, host]) => [origins.get(id)!.path, host]);
  return { ...plan, placements: Object.fromEntries(placements) };
}

function explainedByPath(explanation: Explanation, { origins }: ExpandedStack): Explanation {
  return Object.fromEntries(Object.entries(explanation).map(([id, account]) => [origins.get(id)!.path, account]));
}
