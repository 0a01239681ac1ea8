// Pauses and shared waits that end when somebody gives up.

/** Who wants to know of each signal: hundreds wait for one, and Node takes more than ten listeners of it for a leak. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `stop` once when the signal is aborted; returns how to call that off. The signal is not aborted yet. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  const known = waiting.get(signal) ?? new Set();
  if (known.size === 0) {
    waiting.set(signal, known);
    signal.addEventListener("abort", all, { once: true });
  }
  known.add(stop);
  return () => {
    if (known.delete(stop) && known.size === 0) signal.removeEventListener("abort", all);
  };
}

function all(this: AbortSignal): void {
  const known = waiting.get(this);
  waiting.delete(this);
  for (const stop of known ?? []) stop();
}

/** @throws what the signal says, as soon as it says it */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      callOff();
      resolve();
    }, ms);
    const callOff = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** Waits for what others wait for, too: it goes on when this caller gives up. @throws what the signal says */
export async function abortable<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  // Perhaps nobody else waits for it: its failure must not be one that nobody caught, which ends the process.
  shared.catch(() => {});
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const callOff = onAbort(signal, () => reject(signal.reason));
    shared.then(resolve, reject).finally(callOff);
  });
}

/** Pauses between looks at something that goes on, ms: doubled each time, up to ten times the first. */
export function* growing(firstMs: number): Generator<number, never> {
  for (let ms = firstMs; ; ms = Math.min(2 * ms, 10 * firstMs)) yield ms;
}
