// One request and its whole answer. Listing a rack takes thousands of them: undici's own `request` with a stream and a
// signal for each costs more than all the rest, hence its `dispatch`.

import type { Dispatcher } from "undici";
import type { Answer, Question } from "./answer.ts";
import { onAbort } from "./waiting.ts";

/** The answer is longer than what is read. */
export class TooLong extends Error {}

/** The answer was not whole in time. */
export class TooLate extends Error {}

/**
 * The answer with its body as it came.
 * @throws TooLong, TooLate, what the signal says, and undici's and Node's errors where there is no answer
 */
export async function exchanged(
  dispatcher: Dispatcher,
  { method, path, headers, body, deadlineMs }: Question,
  mostBytes: number,
  signal: AbortSignal,
): Promise<Answer> {
  signal.throwIfAborted();
  return await new Promise<Answer>((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let failure: Error | null = null;
    let head: Omit<Answer, "body"> | null = null;
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = () => {
      clearTimeout(timer);
      callOff();
    };
    const fail = (error: unknown) => {
      if (failure !== null) return;
      failure = error instanceof Error ? error : new Error(String(error));
      done();
      reject(error);
      controller?.abort(failure);
    };
    const timer = setTimeout(() => fail(new TooLate()), deadlineMs);
    const callOff = onAbort(signal, () => fail(signal.reason));
    dispatcher.dispatch(
      {
        method,
        path,
        headers: { accept: "application/json", "accept-encoding": "identity", ...headers },
        ...(body === undefined ? {} : { body }),
      },
      {
        onRequestStart: (started) => {
          controller = started;
          // Given up while it waited for a connection: it is not sent.
          if (failure !== null) started.abort(failure);
        },
        onResponseStart: (_, status, given, reason = "") => {
          if (status < 200) return;
          const got = headersOf(given);
          head = { status, reason, headers: got };
          if (Number(got["content-length"]) > mostBytes) fail(new TooLong());
        },
        onResponseData: (_, chunk) => {
          bytes += chunk.length;
          if (bytes > mostBytes) fail(new TooLong());
          else chunks.push(chunk);
        },
        onResponseEnd: () => {
          if (failure !== null || head === null) return;
          done();
          resolve({ ...head, body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) });
        },
        onResponseError: (_, error) => fail(error),
      },
    );
  });
}

/** By names in lower case; what came several times is one, separated by commas. */
export function headersOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) all[name.toLowerCase()] = typeof value === "string" ? value : value.join(", ");
  return all;
}
