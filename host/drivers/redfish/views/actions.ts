// Actions that a resource advertises: where they are posted to, and which values they take. Contract: drivers 0.3, 1.4.

import { AppError } from "../../../errors.ts";
import type { RedfishClient, Resource } from "../client.ts";
import { allowable, type Fields, recordOf } from "../shapes.ts";
import { linkOf } from "./links.ts";
import { ifGiven } from "./part.ts";

export interface Action {
  /** `#ComposedNode.Reset` */
  readonly key: string;
  readonly target: string;
  readonly fields: Fields;
}

/**
 * The first action whose key matches; null: it advertises none.
 *
 * A target within another member of the same collection is not ours to use: Intel's simulator advertises the actions of
 * node 1 at every node, and to reset or assemble somebody else's node is worse than any error. The same path below the
 * resource itself is used then.
 */
export function actionOf(client: RedfishClient, { path, body }: Resource, key: RegExp): Action | null {
  for (const [name, value] of Object.entries(recordOf(body.Actions))) {
    const fields = recordOf(value);
    const target = linkOf(client, fields.target);
    if (!key.test(name) || target === null) continue;
    return { key: name, target: ownTarget(path, target), fields };
  }
  return null;
}

function ownTarget(path: string, target: string): string {
  const collection = path.slice(0, path.lastIndexOf("/") + 1);
  if (target.startsWith(`${path}/`) || !target.startsWith(collection)) return target;
  const tail = target.slice(collection.length).replace(/^[^/]*/, "");
  return tail.startsWith("/Actions/") && !target.startsWith(`${collection}Actions/`) ? path + tail : target;
}

/** As the older services name it. */
const FORMERLY: Readonly<Record<string, string>> = { GracefulShutdown: "SoftShutdown" };

/**
 * Orders a reset; what becomes of the power is to be seen later.
 * @throws AppError request.invalid naming the types it takes; pod-manager.unsupported when it has no such action
 */
export async function orderReset(
  client: RedfishClient,
  resource: Resource,
  type: string,
  signal: AbortSignal,
): Promise<void> {
  const action = actionOf(client, resource, /^#(ComposedNode|ComputerSystem)\.Reset$/);
  if (action === null)
    throw new AppError(
      "pod-manager.unsupported",
      `${resource.path} advertises no reset: the pod manager cannot reset it`,
    );
  const allowed = await ifGiven(allowable(client, action.fields, "ResetType", signal), null);
  const former = FORMERLY[type];
  const sent = former !== undefined && allowed?.includes(former) && !allowed.includes(type) ? former : type;
  if (allowed !== null && allowed.length > 0 && !allowed.includes(sent))
    throw new AppError(
      "request.invalid",
      `Reset.Type ${type} is not taken by ${resource.path}; it takes ${allowed.join(", ")}`,
    );
  await client.post(action.target, { ResetType: sent }, signal);
}
