// Orders that go on after they were taken. Contract: drivers, 3.7.

import { AppError, UpstreamError } from "../../errors.ts";
import { type Answer, jsonOf } from "./answer.ts";
import { unreadable } from "./errors.ts";
import { pathOrNull } from "./reference.ts";
import { type Requests, retryAfterMs } from "./requests.ts";
import { isTask, type Written, writtenOf } from "./resource.ts";
import { at, type Fields, isRecord, link, links, listOf, textOf } from "./shapes.ts";
import { growing, pause } from "./waiting.ts";

const GOING_ON = [
  "New",
  "Starting",
  "Running",
  "Suspended",
  "Interrupted",
  "Pending",
  "Stopping",
  "Service",
  "Cancelling",
];
const FAILED = ["Exception", "Killed", "Cancelled"];
/** Nobody is waited for longer between two looks, whatever Retry-After says, ms. */
const LONGEST_PAUSE_MS = 60_000;

/** As RedfishClient.finished. */
export async function finished(written: Written, requests: Requests, signal: AbortSignal): Promise<Written> {
  const { monitor } = written;
  if (written.status !== 202 || monitor === null) return written;
  const { limits, origin } = requests.transport;
  const until = performance.now() + limits.composeMs;
  /** The resource of the task, where it is another one than its monitor. */
  let task = written.body !== null && isTask(written.body) ? pathOrNull(link(written.body), origin) : null;
  if (task === monitor) task = null;
  for (const backOff of growing(limits.pollMs)) {
    const look = await lookAt(monitor, requests, signal);
    const state = look === null ? null : stateOf(look);
    if (look !== null && state !== "going on") {
      if (state !== null) return await ended(state, monitor, requests, signal);
      if (look.status !== 404 && look.status !== 410) return writtenOf(look, `the task at ${monitor}`, origin);
      // The end of some is shown once; then only the task itself knows it.
      return await remembered(task, monitor, requests, signal);
    }
    if (look !== null && task === null) {
      const body = jsonOf(look);
      const named = isRecord(body) && isTask(body) ? pathOrNull(link(body), origin) : null;
      task = named === monitor ? null : named;
    }
    const wait = Math.min(retryAfterMs(look) ?? backOff, LONGEST_PAUSE_MS);
    if (performance.now() + wait > until) {
      await cancel(monitor, requests, signal);
      throw new AppError(
        "pod-manager.timeout",
        `${origin}: the task at ${monitor} is not over after ${limits.composeMs} ms; it was cancelled, whether in time is not known`,
      );
    }
    await pause(wait, signal);
  }
  throw new Error("pauses have no end");
}

/** Null: nobody can say at the moment; the service may be starting anew. */
async function lookAt(path: string, requests: Requests, signal: AbortSignal): Promise<Answer | null> {
  const { answerMs: deadlineMs } = requests.transport.limits;
  try {
    const answer = await requests.ask({ method: "GET", path, headers: {}, deadlineMs, repeatable: true }, signal);
    const body = jsonOf(answer);
    // An error of the order itself has a body that says so.
    const isBusy = [429, 502, 503, 504].includes(answer.status) && !(isRecord(body) && isRecord(body.error));
    return isBusy ? null : answer;
  } catch (error) {
    if (error instanceof AppError && ["pod-manager.unreachable", "pod-manager.timeout"].includes(error.code))
      return null;
    throw error;
  }
}

/** Null: no task is shown, but the end of the order; else the task as it ended. */
function stateOf(look: Answer): "going on" | Fields | null {
  if (look.status < 200 || look.status >= 300) return null;
  const body = jsonOf(look);
  if (!isRecord(body) || !isTask(body)) return look.status === 202 ? "going on" : null;
  const state = textOf(body.TaskState);
  if (state !== null && GOING_ON.includes(state)) return "going on";
  return state === null && look.status === 202 ? "going on" : body;
}

async function ended(task: Fields, from: string, requests: Requests, signal: AbortSignal): Promise<Written> {
  const { origin } = requests.transport;
  const state = textOf(task.TaskState);
  const messages = listOf(task.Messages)
    .map((one) => textOf(at(one, "Message")))
    .filter((said) => said !== null);
  if (FAILED.includes(state ?? "") || task.TaskStatus === "Critical") {
    const said = messages.length > 0 ? `: ${messages.join(" ").slice(0, 1000)}` : "";
    throw new UpstreamError(
      "pod-manager.refused",
      { status: 502, code: textOf(at(listOf(task.Messages).at(-1), "MessageId")), title: `Task ${state}` },
      `The pod manager's task ended as ${state} (${textOf(task.TaskStatus) ?? "no status"})${said}`,
    );
  }
  if (state !== "Completed")
    throw unreadable(origin, `the task at ${from}`, `is in a state that is unknown: ${JSON.stringify(state)}`);
  // What the order itself was answered with is at the monitor, where that is another resource.
  const monitor = pathOrNull(task.TaskMonitor, origin);
  if (monitor !== null && monitor !== from) {
    const look = await lookAt(monitor, requests, signal);
    if (look !== null && look.status !== 202 && look.status !== 404 && look.status !== 410) {
      const body = jsonOf(look);
      if (!isRecord(body) || !isTask(body)) return writtenOf(look, `the task at ${monitor}`, origin);
    }
  }
  const [created] = links(at(task, "Links", "CreatedResources"));
  return { status: 200, location: pathOrNull(created, origin), body: null, etag: null, monitor: null };
}

async function remembered(
  task: string | null,
  monitor: string,
  requests: Requests,
  signal: AbortSignal,
): Promise<Written> {
  const look = task === null ? null : await lookAt(task, requests, signal);
  const state = look === null ? null : stateOf(look);
  if (task !== null && state !== null && state !== "going on") return await ended(state, task, requests, signal);
  throw new UpstreamError(
    "pod-manager.refused",
    { status: 502, title: "Task lost" },
    `The pod manager forgot the task at ${monitor}; whether it was done is not known`,
  );
}

/** Nothing depends on it. */
async function cancel(monitor: string, requests: Requests, signal: AbortSignal): Promise<void> {
  const { answerMs: deadlineMs } = requests.transport.limits;
  try {
    await requests.ask({ method: "DELETE", path: monitor, headers: {}, deadlineMs, repeatable: false }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
  }
}
