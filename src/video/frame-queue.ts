/** Frames between the pipe that they come through and whoever takes them: a few, in memory that is used again and again. */

export interface FrameQueue {
  /** Copies bytes in; a promise where they have to wait until there is room. */
  put(bytes: Uint8Array): Promise<void> | undefined;
  /** Frames that have come whole since the beginning. */
  readonly arrived: number;
  /** The oldest frame that was not yet released; it must have arrived. */
  first(): Uint8Array;
  /** The oldest frame is no longer needed. */
  release(): void;
  /** Resolves at the next change: bytes have come, a frame was released, or `notify` was called. */
  change(): Promise<void>;
  notify(): void;
}

/** @param frameBytes of one frame; `room`: frames at most */
export function frameQueue(frameBytes: number, room: number): FrameQueue {
  const memory = new Uint8Array(frameBytes * room);
  let written = 0;
  let released = 0;
  let notify = (): void => {};
  let changing = Promise.resolve();
  const renew = (): void => {
    changing = new Promise((resolve) => {
      notify = () => {
        resolve();
        renew();
      };
    });
  };
  renew();

  /** What found no room. */
  const copy = (bytes: Uint8Array): Uint8Array => {
    let rest = bytes;
    for (;;) {
      const at = written % memory.length;
      const free = Math.min(memory.length - at, (released + room) * frameBytes - written);
      const fits = rest.subarray(0, free);
      if (fits.length === 0) break;
      memory.set(fits, at);
      written += fits.length;
      rest = rest.subarray(fits.length);
    }
    notify();
    return rest;
  };
  const wait = async (bytes: Uint8Array): Promise<void> => {
    let rest = bytes;
    while (rest.length > 0) {
      if ((released + room) * frameBytes <= written) await changing;
      else rest = copy(rest);
    }
  };

  return {
    put(bytes) {
      const rest = copy(bytes);
      return rest.length === 0 ? undefined : wait(rest);
    },
    get arrived() {
      return Math.floor(written / frameBytes);
    },
    first() {
      const at = (released % room) * frameBytes;
      return memory.subarray(at, at + frameBytes);
    },
    release() {
      released++;
      notify();
    },
    change: () => changing,
    notify: () => notify(),
  };
}
