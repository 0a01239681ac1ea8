// Events that the pod manager pushes to an address of ours; the subscription is looked after, as services forget them.

import { AppError, UpstreamError } from "../../errors.ts";
import type { Subscription } from "../driver.ts";
import type { Following, FollowOptions } from "./following.ts";
import type { Resource } from "./resource.ts";
import { at, type Fields, link, listOf } from "./shapes.ts";
import { pause } from "./waiting.ts";

/** Between two looks at whether it is still there, in first pauses of polling: two minutes. */
const LOOK_EVERY_POLLS = 120;
const REGISTRIES = ["ResourceEvent", "TaskEvent"];
const TYPES = ["StatusChange", "ResourceUpdated", "ResourceAdded", "ResourceRemoved", "Alert"];

/** Null: it takes no subscriptions. @throws AppError when it cannot be asked */
export async function followPushes(
  events: Resource,
  { changed, destination, context }: FollowOptions & { readonly destination: string },
  { service: client, log }: Pick<Following, "service" | "log">,
  signal: AbortSignal,
): Promise<Subscription | null> {
  const named = link(events.body.Subscriptions);
  if (named === null) return null;
  const collection = named;
  const essentials = { Destination: destination, Protocol: "Redfish", Context: context };
  const subscribe = async (until: AbortSignal): Promise<string> =>
    (await existing(client, collection, essentials, until)) ??
    (await created(client, collection, [{ ...essentials, ...filters(events.body) }, essentials], until));

  let path: string;
  try {
    path = await subscribe(signal);
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.upstreamStatus >= 502) throw error;
    log("the pod manager takes no subscription to events", { detail: error.message });
    return null;
  }
  const closed = new AbortController();
  const look = async () => {
    if ((await client.find(path, closed.signal)) !== null) return;
    path = await subscribe(closed.signal);
    // What happened in between was told to nobody.
    changed();
  };
  const run = async () => {
    for (;;) {
      await pause(LOOK_EVERY_POLLS * client.limits.pollMs, closed.signal);
      await look().catch((error: unknown) => {
        closed.signal.throwIfAborted();
        log("the subscription to events could not be looked after", { path, error: String(error) });
      });
    }
  };
  const ended = run().catch((error: unknown) => {
    if (!closed.signal.aborted) throw error;
  });
  return {
    close: async () => {
      if (closed.signal.aborted) return;
      closed.abort(new AppError("pod-manager.unreachable", "events are not followed any more"));
      await ended;
      await client
        .delete(path, new AbortController().signal)
        .catch((error: unknown) => log("a subscription to events was not ended", { path, error: String(error) }));
    },
  };
}

/** One that a process before this one left. */
async function existing(
  client: Following["service"],
  collection: string,
  { Destination, Context }: { Destination: string; Context: string },
  signal: AbortSignal,
): Promise<string | null> {
  const all = await client.members(collection, signal);
  const ours = all.find(({ body }) => body.Destination === Destination && body.Context === Context);
  return ours?.path ?? null;
}

async function created(
  client: Following["service"],
  collection: string,
  [first, ...simpler]: readonly { Destination: string; Context: string }[],
  signal: AbortSignal,
): Promise<string> {
  try {
    const written = await client.post(collection, first!, signal);
    const path = written.location ?? link(written.body) ?? (await existing(client, collection, first!, signal));
    if (path === null)
      throw new AppError("pod-manager.unreadable", `${client.origin}: a subscription was taken, but is not there`);
    return client.path(path);
  } catch (error) {
    // Strict services reject what they do not know.
    if (simpler.length > 0 && error instanceof UpstreamError && error.upstreamStatus === 400)
      return await created(client, collection, simpler, signal);
    throw error;
  }
}

/** Only what changes resources, in words that the service offers. */
function filters(service: Fields): Fields {
  const offered = (name: string, wanted: readonly string[]) =>
    listOf(service[name]).filter((one) => typeof one === "string" && wanted.includes(one));
  const registries = offered("RegistryPrefixes", REGISTRIES);
  if (registries.length > 0) return { RegistryPrefixes: registries };
  const types = offered("EventTypesForSubscription", TYPES);
  if (types.length > 0) return { EventTypes: types };
  return at(service, "RegistryPrefixes") === undefined && at(service, "EventTypesForSubscription") === undefined
    ? { EventTypes: TYPES }
    : {};
}
