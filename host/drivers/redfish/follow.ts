// Hints that something changed at a pod manager. Contract: drivers, 3.8.

import type { Subscription } from "../driver.ts";
import type { RedfishClient } from "./client.ts";
import { followPushes } from "./follow-pushes.ts";
import { followStream } from "./follow-stream.ts";
import { pathOrNull } from "./reference.ts";
import type { Requests } from "./requests.ts";
import { booleanOf, link } from "./shapes.ts";

export interface FollowOptions {
  readonly changed: () => void;
  readonly destination: string | null;
  readonly context: string;
}

export interface Following {
  readonly client: RedfishClient;
  readonly requests: Requests;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}

/** As RedfishClient.follow. */
export async function follow(
  options: FollowOptions,
  following: Following,
  signal: AbortSignal,
): Promise<Subscription | null> {
  const { client } = following;
  const { body: root } = await client.root(signal);
  const named = link(root.EventService);
  const service = named === null ? null : await client.find(named, signal);
  if (service === null || booleanOf(service.body.ServiceEnabled) === false) return null;
  const stream = pathOrNull(service.body.ServerSentEventUri, client.origin);
  const streamed = stream === null ? null : await followStream(stream, options, following, signal);
  if (streamed !== null) return streamed;
  return options.destination === null
    ? null
    : await followPushes(service, { ...options, destination: options.destination }, following, signal);
}
