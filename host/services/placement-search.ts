// The search of `GET /v1/placements`: contract, section 5.
import { isDeepStrictEqual } from "node:util";
import type { PlacementFilter } from "../../db/queries/plans.ts";
import type { PlacementView } from "./placement-view.ts";

/** Query key -> field of the placement; every other key is one of its metadata. */
const FIELDS = {
  id: "id",
  orchestration_id: "orchestrationId",
  plan_id: "planId",
  resource_id: "resourceId",
  location: "location",
  name: "name",
  reserved: "reserved",
} as const satisfies Record<string, keyof PlacementView>;

export interface PlacementSearch {
  /** What the store can be asked for; `matches` still has to say so. */
  readonly filter: PlacementFilter;
  matches(placement: PlacementView): boolean;
}

/**
 * All conditions have to hold. A value matches as it stands and as what it is when read as JSON, so `true` is a boolean
 * as well as a text. Null: a key stands there twice, which nothing matches.
 */
export function placementSearch(query: readonly (readonly [key: string, value: string])[]): PlacementSearch | null {
  if (new Set(query.map(([key]) => key)).size < query.length) return null;
  const filter: { -readonly [K in keyof PlacementFilter]: PlacementFilter[K] } = {};
  const conditions = query.map(([key, text]) => ({ key, values: [text, ...decoded(text)] }));
  for (const { key, values } of conditions) {
    if (!isField(key) || key === "reserved" || values.includes(null)) continue;
    filter[FIELDS[key]] = values.filter((value) => typeof value === "string");
  }
  return {
    filter,
    matches: (placement) =>
      conditions.every(({ key, values }) => {
        if (isField(key)) return values.some((value) => isDeepStrictEqual(value, placement[FIELDS[key]]));
        const { metadata } = placement;
        return Object.hasOwn(metadata, key) && values.some((value) => isDeepStrictEqual(value, metadata[key]));
      }),
  };
}

function isField(key: string): key is keyof typeof FIELDS {
  return Object.hasOwn(FIELDS, key);
}

function decoded(text: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
}
