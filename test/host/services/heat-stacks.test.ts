// Valet's own scenario templates and general ones: expanded, translated, planned and checked by the independent oracle.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application } from "../../../host/core/model.ts";

import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { LocalSolver } from "../../../host/core/solver.ts";
import { toProblem } from "../../../host/core/to-problem.ts";
import { type StackResource, toApplication } from "../../../host/services/application.ts";
import { expandTemplate } from "../../../host/services/heat-template.ts";
import { claims, problemFaults, score } from "../../oracle/validate.mjs";
import { contextFor, parametersOf, stackFiles } from "../../support/heat-stacks.ts";

const solver = new LocalSolver();
afterAll(() => solver.close());

const small = simulatedDataCenter("sim:4x16");

function applicationOf(path: string): Application {
  return toApplication(expandTemplate(path, parametersOf(path)).request, contextFor(small, path)).application;
}

const files = stackFiles();
const withServers = files.filter((path) => applicationOf(path).vms.length > 0);

async function planned(application: Application, dataCenter = small): Promise<Record<string, string>> {
  const problem = toProblem(dataCenter, application, application.name);
  expect(problemFaults(problem)).toEqual([]);
  const plan = await solver.solve(new Inventory(dataCenter), application);
  if (!plan.ok) return expect.fail(plan.reason);
  const seen = score(problem, plan.placements);
  expect(seen).toMatchObject({ valid: true, placed: application.vms.length, violations: [] });
  expect(claims(plan, seen)).toEqual([]);
  return { ...plan.placements };
}

test.each(withServers.map((path) => [basename(path), path]))(
  "%s is planned and keeps every rule",
  async (_name, path) => {
    await planned(applicationOf(path));
  },
);

test("the templates hold as many servers and groups as their names say", () => {
  const held = Object.fromEntries(
    files.map((path) => {
      const { vms, groups } = applicationOf(path);
      return [
        basename(path),
        `${vms.length}: ${groups.map(({ type, level, members }) => `${type} ${level} ${members.length}`).join(", ")}`,
      ];
    }),
  );
  const golden = new URL("../../golden/heat-stacks.json", import.meta.url);
  expect(held).toEqual(JSON.parse(readFileSync(golden, "utf8")));
});

test("together they ask for affinity, diversity and exclusivity of hosts and of racks", () => {
  const asked = new Set(
    files.flatMap((path) => applicationOf(path).groups.map(({ type, level }) => `${type} ${level}`)),
  );
  expect([...asked].sort()).toEqual([
    "affinity host",
    "affinity rack",
    "diversity host",
    "diversity rack",
    "exclusivity host",
    "exclusivity rack",
  ]);
});

test("the ceph application gets 12 racks for its 12 object stores and 3 for its monitors", async () => {
  const large = simulatedDataCenter("sim:12x4");
  const body = JSON.parse(readFileSync(new URL("../../fixtures/postman/ceph.json", import.meta.url), "utf8"));
  const lower = ([key, entry]: [string, object]) => [
    key,
    Object.fromEntries(Object.entries(entry).map(([field, value]) => [field.toLowerCase(), value])),
  ];
  const resources: Record<string, StackResource> = Object.fromEntries(
    Object.entries<object>(body.resources).map(lower),
  );
  const { application, servers } = toApplication(
    { planName: body.plan_name, stackId: body.stack_id, resources },
    contextFor(large, "ceph"),
  );
  // The format counts whole Mbit/s.
  const pipes = application.pipes!.map((pipe) => ({ ...pipe, kbps: Math.ceil(pipe.kbps / 1000) * 1000 }));
  const placements = await planned({ ...application, pipes }, large);
  const racksOf = (role: string) =>
    new Set(
      servers.filter(({ name }) => name.startsWith(role)).map((one) => placements[one.orchestrationId]!.slice(0, -4)),
    );
  expect(racksOf("osd").size).toBe(12);
  expect(racksOf("mon").size).toBe(3);
});
