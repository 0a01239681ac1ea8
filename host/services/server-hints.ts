// Which placement the scheduler hints of a server mean.
import type { PlacementRow } from "../../db/queries/plans.ts";

/** What Heat (with stack_scheduler_hints) and users tell Nova's scheduler of a server. */
export interface Hinted {
  /** Heat's id of the resource; it is the orchestration id of the placement. */
  readonly resourceUuid: string | null;
  /** The stack that the server is in, and the one at the top. */
  readonly stacks: readonly string[];
  readonly name: string | null;
  /** From the top stack down, one text a level, parts joined by commas. */
  readonly path: readonly string[] | null;
  /** Server groups of Nova. */
  readonly groups: readonly string[];
}

/** Null: they say nothing that we know. */
export function hintedOf(hints: Readonly<Record<string, readonly string[]>> | null): Hinted | null {
  if (hints === null) return null;
  const one = (key: string) => (Object.hasOwn(hints, key) ? (hints[key]?.[0] ?? null) : null);
  const path = Object.hasOwn(hints, "heat_path_in_stack") ? hints.heat_path_in_stack! : null;
  const hinted = {
    resourceUuid: one("heat_resource_uuid"),
    stacks: [one("heat_stack_id"), one("heat_root_stack_id")].filter((id) => id !== null),
    name: one("heat_resource_name"),
    path: path === null ? null : pathOf(path),
    groups: Object.hasOwn(hints, "group") ? hints.group! : [],
  };
  return hinted.resourceUuid === null && hinted.name === null && hinted.groups.length === 0 ? null : hinted;
}

export function orchestrationIdsOf(hints: readonly Hinted[]): string[] {
  return hints.map(({ resourceUuid }) => resourceUuid).filter((id) => id !== null);
}

/** Stacks whose placements have to be searched by name. */
export function stacksOf(hints: readonly Hinted[]): string[] {
  return [...new Set(hints.flatMap(({ name, stacks }) => (name === null ? [] : stacks)))];
}

/** The placement of this name in one of the hinted stacks; by Heat's id of the resource it is found more easily. */
export function placementByName(
  { stacks, name, path }: Hinted,
  inStacks: readonly { readonly placement: PlacementRow; readonly stackId: string }[],
): PlacementRow | undefined {
  if (name === null) return undefined;
  const named = inStacks
    .filter(({ stackId }) => stacks.includes(stackId))
    .map(({ placement }) => placement)
    .filter((row) => nameInStack(row) === name)
    .filter(({ metadata: { heat_path_in_stack: told } }) => {
      return path === null || !Array.isArray(told) || pathOf(told).join("\n") === path.join("\n");
    });
  // Several of one name, in nested stacks of which no path is known: none of them is meant for certain.
  return named.length === 1 ? named[0] : undefined;
}

/** What Heat calls the resource in its stack. */
export function nameInStack({ name, metadata }: PlacementRow): unknown {
  return metadata.heat_resource_name ?? name;
}

/** A level is `"resource,stack"`, or the list of these two. */
function pathOf(levels: readonly unknown[]): string[] {
  return levels.map((level) =>
    Array.isArray(level) ? level.filter((part) => part !== null).join(",") : String(level),
  );
}
