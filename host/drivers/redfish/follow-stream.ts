// Events as a stream of the pod manager's (Server-Sent Events), connected again whenever it ends.

import { createParser } from "eventsource-parser";
import { AppError } from "../../errors.ts";
import type { Subscription } from "../driver.ts";
import type { Stream } from "./answer.ts";
import type { Following, FollowOptions } from "./following.ts";
import { growing, onAbort, pause } from "./waiting.ts";

/** Longest event; what it says is not used. */
const MOST_CHARACTERS = 1024 * 1024;
const MOST_ID = 512;

/** Null: the service does not give the stream that it announces. @throws AppError when it cannot be asked */
export async function followStream(
  path: string,
  { changed }: Pick<FollowOptions, "changed">,
  { requests, log }: Pick<Following, "requests" | "log">,
  signal: AbortSignal,
): Promise<Subscription | null> {
  const { transport, session } = requests;
  const closed = new AbortController();
  let lastId: string | null = null;

  const connect = async (until: AbortSignal): Promise<Stream | null> => {
    const open = async () => {
      const proof = await session.proof(until);
      const headers = {
        accept: "text/event-stream",
        "cache-control": "no-cache",
        ...(lastId === null ? {} : { "last-event-id": lastId }),
        ...proof,
      };
      return { proof, stream: await transport.stream(path, headers, until) };
    };
    let { proof, stream } = await open();
    const isStream = () => stream.status === 200 && /^text\/event-stream\b/i.test(stream.headers["content-type"] ?? "");
    if (stream.status === 401) {
      discard(stream);
      if (session.isOver(proof, { ...stream, reason: "", body: Buffer.alloc(0) })) ({ proof, stream } = await open());
    }
    if (isStream()) return stream;
    discard(stream);
    if (stream.status === 429 || (stream.status >= 500 && stream.status !== 501))
      throw new AppError("pod-manager.unreachable", `${transport.origin}: ${path} answered ${stream.status}`);
    return null;
  };

  const listen = async (stream: Stream) => {
    closed.signal.throwIfAborted();
    const callOff = onAbort(closed.signal, () => stream.body.destroy());
    const parser = createParser({
      maxBufferSize: MOST_CHARACTERS,
      onEvent: ({ id }) => {
        if (id !== undefined && /^[\x20-\x7e]*$/.test(id) && id.length <= MOST_ID) lastId = id;
        changed();
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") stream.body.destroy(error);
      },
    });
    try {
      const decoder = new TextDecoder();
      for await (const chunk of stream.body as AsyncIterable<Buffer>)
        parser.feed(decoder.decode(chunk, { stream: true }));
    } finally {
      callOff();
    }
  };

  const first = await connect(signal);
  if (first === null) return null;

  const run = async () => {
    let pauses = growing(transport.limits.pollMs);
    for (let stream: Stream | null = first; !closed.signal.aborted; ) {
      try {
        if (stream !== null) {
          await listen(stream);
          pauses = growing(transport.limits.pollMs);
        }
      } catch (error) {
        if (!closed.signal.aborted) log("the stream of events broke off", { path, error: String(error) });
      }
      await pause(pauses.next().value, closed.signal);
      stream = await connect(closed.signal).catch((error: unknown) => {
        if (!closed.signal.aborted) log("no stream of events at the moment", { path, error: String(error) });
        return null;
      });
      // What happened in between may not be told again.
      if (stream !== null) changed();
    }
  };
  const ended = run().catch((error: unknown) => {
    if (!closed.signal.aborted) log("events are not followed any more", { path, error: String(error) });
  });
  return {
    close: async () => {
      closed.abort(new AppError("pod-manager.unreachable", "events are not followed any more"));
      await ended;
    },
  };
}

function discard({ body }: Stream): void {
  body.on("error", () => undefined).destroy();
}
