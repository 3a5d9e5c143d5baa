/** Runs `work` and stops waiting for it when the signal is aborted, whether it hears it or not. @throws the signal's reason */
export async function orAborted<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  const done = work(signal);
  // It may be rejected when nobody listens any more.
  done.catch(() => {});
  try {
    return await Promise.race([done, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
