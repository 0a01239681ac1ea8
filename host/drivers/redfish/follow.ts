// Hints that something changed at a pod manager. Contract: drivers, 3.8.

import type { Subscription } from "../driver.ts";
import { followPushes } from "./follow-pushes.ts";
import { followStream } from "./follow-stream.ts";
import type { Following, FollowOptions } from "./following.ts";
import { pathOrNull } from "./reference.ts";
import { booleanOf } from "./shapes.ts";

/** As RedfishClient.follow. */
export async function follow(
  options: FollowOptions,
  following: Following,
  signal: AbortSignal,
): Promise<Subscription | null> {
  const named = await following.service.entry("EventService", signal);
  const service = named === null ? null : await following.service.find(named, signal);
  if (service === null || booleanOf(service.body.ServiceEnabled) === false) return null;
  const stream = pathOrNull(service.body.ServerSentEventUri, following.service.origin);
  const streamed = stream === null ? null : await followStream(stream, options, following, signal);
  if (streamed !== null) return streamed;
  return options.destination === null
    ? null
    : await followPushes(service, { ...options, destination: options.destination }, following, signal);
}

export type { FollowOptions } from "./following.ts";
