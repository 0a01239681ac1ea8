/** What `work` resolves to, unless the signal is aborted first: also where `work` does not heed it. Rejects with its reason. */
export async function bounded<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work(signal), stopped]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
