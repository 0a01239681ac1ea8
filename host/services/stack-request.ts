// From a stack as Heat keeps it to the request that Heat's lifecycle plugin would have sent.

import { type HeatStack, HIDDEN } from "../openstack/heat.ts";
import type { PlanRequest } from "./application.ts";
import { SERVER } from "./application-resources.ts";
import { TemplateFile } from "./heat-document.ts";
import { type Given, Unset } from "./heat-parameters.ts";
import { FilesOfStack } from "./heat-source.ts";
import { expandStack, hashedId } from "./heat-template.ts";
import type { PlacementView } from "./placement-view.ts";
import { levelsOf } from "./stack-hints.ts";

/**
 * @param placements of the stack's plan, if it has one: their servers keep their orchestration ids
 * @param hosts UUID of a server that runs -> its host
 * @throws AppError file.invalid, config.invalid: the stack cannot be expanded, naming template and path
 */
export function stackRequestOf(
  stack: HeatStack,
  placements: readonly Pick<PlacementView, "orchestrationId" | "metadata">[],
  hosts: ReadonlyMap<string, string>,
): PlanRequest {
  const known = new Map(
    placements.flatMap((placement) => {
      const { heat_resource_name: name, heat_path_in_stack: path } = placement.metadata;
      return typeof name === "string" ? [[keyOf([...levelsOf(path), name]), placement] as const] : [];
    }),
  );
  const made = new Map(stack.resources.map((resource) => [keyOf(resource.path), resource]));
  const idOf = (path: readonly string[]) =>
    path.length === 0 ? stack.id : (known.get(keyOf(path))?.orchestrationId ?? hashedId([stack.id, ...path]));
  const { request, origins } = expandStack(fileOf(stack), givenOf(stack), sourceOf(stack), idOf, stack.name);
  for (const [id, resource] of Object.entries(request.resources)) {
    if (resource.type !== SERVER) continue;
    const { path, isUnnamed } = origins.get(id)!;
    const levels = path.split("/");
    const name = levels.pop()!;
    resource.metadata = known.get(path)?.metadata ?? {
      heat_root_stack_id: stack.id,
      heat_path_in_stack: [stack.name, ...levels],
      ...(isUnnamed ? {} : { heat_resource_name: name }),
    };
    const physicalId = made.get(path)?.physicalId;
    if (physicalId === undefined || physicalId === null) continue;
    resource.resourceId = physicalId;
    const host = hosts.get(physicalId);
    if (host !== undefined) resource.locations = [host];
  }
  return request;
}

/** Names of Heat have no slash. */
function keyOf(path: readonly string[]): string {
  return path.join("/");
}

function fileOf({ name, template }: HeatStack): TemplateFile {
  return new TemplateFile(`template of ${name}`, JSON.stringify(template));
}

/** What Heat does not show stays open: it is a fault only where a plan needs it. */
function givenOf({ parameters }: HeatStack): Given {
  const values = [...parameters].map(([name, value]) => [name, shown(name, value)] as const);
  return { values: new Map(values), from: "command line", advice: () => "Heat has none" };
}

function sourceOf({ files, registry, defaults, resources }: HeatStack): FilesOfStack {
  const members = new Map<string, string[]>();
  for (const { path } of resources) {
    const holder = keyOf(path.slice(0, -1));
    members.set(holder, [...(members.get(holder) ?? []), path.at(-1)!]);
  }
  const values = [...defaults].map(([name, value]) => [name, shown(name, value)] as const);
  return new FilesOfStack({ files, registry, defaults: new Map(values), members });
}

function shown(name: string, value: unknown): unknown {
  return value === HIDDEN ? new Unset(name, "it is hidden, Heat shows it to nobody", undefined) : value;
}
