// The recorded stack: two pairs of servers, each on one host, the pairs in two racks; a ResourceGroup of two nested stacks
// with a server each, on two hosts; an AutoScalingGroup of two servers in two racks.
import { readFileSync } from "node:fs";

const read = (name: string) => readFileSync(new URL(`../fixtures/heat-api/${name}`, import.meta.url), "utf8");

// biome-ignore lint/suspicious/noExplicitAny: recorded answers of every form
export const recordedHeat = (name: string): any => JSON.parse(read(`${name}.json`));

export const STACK = "0e8057af-93f0-40ea-9662-b4ad384475df";
/** The user's project. */
export const OWNER = "f8d55b698c31409295031f6760b11dd7";

/** Status and Location of the recorded answers to who asks by id only. */
export function recordedLookup(status: 302 | 403 | 404): { status: number; headers: Record<string, string> } {
  const location = /^Location: (.+)$/m.exec(read(`lookup-${status}.txt`))?.[1];
  return { status, headers: location === undefined ? {} : { Location: location } };
}

/** What Heat answers at a path below `/stacks`; undefined: nothing that was recorded. */
export function heatAnswer(
  path: string,
): { status?: number; headers?: Record<string, string>; body?: unknown } | undefined {
  if (path === `/${STACK}`) return { ...recordedLookup(302), body: "" };
  const stack = `/conv-1/${STACK}`;
  if (!path.startsWith(stack)) return path.startsWith("/") ? { ...recordedLookup(404), body: {} } : undefined;
  return { body: recordedHeat(path.slice(stack.length + 1) || "stack") };
}
