// Pauses and shared waits that end when somebody gives up.

/** @throws what the signal says, as soon as it says it */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Waits for what others wait for, too: it goes on when this caller gives up. @throws what the signal says */
export async function abortable<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Pauses between looks at something that goes on, ms: doubled each time, up to ten times the first. */
export function* growing(firstMs: number): Generator<number, never> {
  for (let ms = firstMs; ; ms = Math.min(2 * ms, 10 * firstMs)) yield ms;
}
