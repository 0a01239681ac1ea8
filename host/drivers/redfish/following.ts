// What it takes to follow the events of a pod manager.

import type { Limits } from "../driver.ts";
import type { Requests } from "./requests.ts";
import type { Resource, Written } from "./resource.ts";

export interface FollowOptions {
  readonly changed: () => void;
  readonly destination: string | null;
  readonly context: string;
}

export interface Following {
  readonly service: Service;
  readonly requests: Requests;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}

/** As much of RedfishClient. */
interface Service {
  readonly origin: string;
  readonly limits: Limits;
  entry(name: string, signal: AbortSignal): Promise<string | null>;
  path(reference: string): string;
  find(reference: string, signal: AbortSignal): Promise<Resource | null>;
  members(reference: string, signal: AbortSignal): Promise<Resource[]>;
  post(reference: string, body: object, signal: AbortSignal): Promise<Written>;
  delete(reference: string, signal: AbortSignal): Promise<Written>;
}
