import { pathOf } from "../paths.ts";

/** What version 1 links. */
export const RESOURCES = [
  ...["nodes", "storages", "flavors", "systems", "pod_managers", "racks", "devices", "pooled"],
  // Not of the original API.
  "operations",
];

const BOOKMARK = new RegExp(`^/(${RESOURCES.join("|")})(?=/|$)`);

/**
 * Paths as they are routed: a slash at the end makes no difference, bookmarks (`/nodes`) lead to version 1, and the
 * misprint `/v1/pod_manager` of the reference is understood. Capitals matter: `/Nodes` is Redfish.
 */
export function valencePathOf(request: Request): string {
  return pathOf(request)
    .replace(BOOKMARK, "/v1/$1")
    .replace(/^\/v1\/pod_manager(?=\/|$)/, "/v1/pod_managers");
}
