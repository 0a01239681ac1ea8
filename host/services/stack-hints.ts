// Which server of a stack Heat's scheduler hints mean, and which placement of its plan that is.

import type { PlanRequest } from "./application.ts";
import { SERVER } from "./application-resources.ts";
import type { PlacementView } from "./placement-view.ts";

/** A server that a scheduler asks about, with what Heat says of it. */
export interface HintedServer {
  /** Its UUID in Nova. */
  readonly id: string;
  readonly rootStackId: string;
  /** Resources that it is in, from the top stack down. */
  readonly levels: readonly string[];
  readonly name: string;
  /** Project of the server; null: whoever asks has not told. Users can give any hints, but no other project. */
  readonly projectId: string | null;
  /** Heat's id of the resource. */
  readonly uuid: string | null;
  /** All hints of Heat, as they came. */
  readonly hints: Readonly<Record<string, unknown>>;
  /** Hosts that are offered. */
  readonly locations: readonly string[];
  /** Name or id; null: not told. */
  readonly flavor: string | null;
}

/** Null: it is not the request of a scheduler for one server that Heat has hinted at. */
export function hintedServerOf({ stackId, resources, locations = [] }: PlanRequest): HintedServer | null {
  const entries = Object.entries(resources);
  const [id, resource] = entries[0] ?? [];
  if (entries.length !== 1 || id !== stackId || resource?.type !== SERVER) return null;
  const hints = Object.fromEntries(Object.entries(resource.metadata ?? {}).filter(([key]) => key.startsWith("heat_")));
  const { heat_root_stack_id: rootStackId, heat_resource_name: name, heat_resource_uuid: uuid } = hints;
  if (typeof rootStackId !== "string" || typeof name !== "string") return null;
  return {
    id,
    rootStackId,
    levels: levelsOf(hints.heat_path_in_stack),
    name,
    projectId: typeof resource.metadata?.project_id === "string" ? resource.metadata.project_id : null,
    uuid: typeof uuid === "string" ? uuid : null,
    hints,
    locations: resource.locations ?? locations,
    flavor: typeof resource.properties?.flavor === "string" ? resource.properties.flavor : null,
  };
}

/** The placement that is meant: by Heat's id, else by path and name, else any of the same group whose member has no name yet. */
export function placementOf<T extends Pick<PlacementView, "orchestrationId" | "resourceId" | "location" | "metadata">>(
  server: HintedServer,
  placements: readonly T[],
): T | undefined {
  const { uuid, levels, name, locations } = server;
  if (uuid !== null) {
    const same = placements.find(
      ({ orchestrationId, metadata }) => orchestrationId === uuid || metadata.heat_resource_uuid === uuid,
    );
    if (same) return same;
  }
  const beside = placements.filter(({ metadata }) => sameLevels(levelsOf(metadata.heat_path_in_stack), levels));
  const named = beside.find(({ metadata }) => metadata.heat_resource_name === name);
  if (named) return named;
  const free = beside.filter(({ metadata, resourceId }) => {
    return metadata.heat_resource_name === undefined && (resourceId === null || resourceId === server.id);
  });
  return free.find(({ location }) => locations.includes(location)) ?? free[0];
}

/** Of `["stack", "group,stack-group-x1", …]`: the resources; the stacks' own names end in something random. */
export function levelsOf(path: unknown): string[] {
  if (!Array.isArray(path)) return [];
  return path.slice(1).map((level: unknown) => {
    const [resource] = Array.isArray(level) ? level : String(level).split(",", 1);
    return String(resource);
  });
}

function sameLevels(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((level, at) => level === b[at]);
}
