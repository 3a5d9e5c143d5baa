/**
 * Decoders for many clips: a fixed number of hosts, each with one ffmpeg at a time, and the queue of visits before them.
 * Visits that wait are put into one process together, as many as the start of ffmpeg is worth; when such a process does not
 * deliver every byte in silence, its visits are done again one by one, so that only the faulty one is lost, and is named.
 */
import { setMaxListeners } from 'node:events';
import pLimit from 'p-limit';
import { Interrupted, isDataError } from '../errors/index.ts';
import { unpackError } from '../errors/packed.ts';
import { decodedSize } from './augment/develop.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import { Host } from './host.ts';
import { openImageThreads } from './image/image-threads.ts';
import type { DecoderName } from './library/load.ts';
import { openUnpackThreads } from './packed/unpack-threads.ts';
import { isPacked } from './packed/unpack-visit.ts';
import { arrange, type Place, receiver, shortage } from './receiver.ts';
import { checkVisit, type Visit, visitBytes } from './visit.ts';

export interface DecodersOptions {
  /** Hosts, each decoding on one thread: the number of cores to spend. */
  readonly concurrency: number;
  /** Rejects what waits and what runs with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** An ffmpeg that gives no byte for so long is killed. Default 30 s. */
  readonly inactivityMs?: number | undefined;
  /** Default ffmpeg. With node-av, hosts decode themselves, and leave to ffmpeg what does not go well. */
  readonly decoder?: DecoderName | undefined;
  /** Whether hosts start when they are first needed: for packed copies, which need none. Default: at once. */
  readonly lazy?: boolean | undefined;
  /** Videos of one process at most; by default what `videosTogether` says. */
  readonly together?: number | undefined;
}

export interface Delivered {
  /** What ffmpeg complained about although every byte came: parts of the picture are probably made up. */
  readonly warning?: string;
}

export interface Decoders {
  /**
   * Decodes all clips of a visit into the memory given, which is not to be touched until then.
   * @param into uint8, `visitBytes(visit)` long
   * @throws data error where the file is missing, no video or holds fewer frames; environment error where ffmpeg cannot be
   *   started or a host ends twice; the signal's reason on abort, `Interrupted` after `close`
   */
  visit(visit: Visit, into: Uint8Array): Promise<Delivered>;
  /** Rejects what waits, kills what runs and returns when every process is gone. */
  close(): Promise<void>;
}

const INACTIVITY_MS = 30_000;
/** A host that decodes itself, by a library, grew by 5 KB a visit: it is replaced after so many, which takes 0.1 s. */
const JOBS_IN_PROCESS = 2000;

/** Images that a thread is handed at once: of 32 pixels they take as long as a message. */
const IMAGES_TOGETHER = 16;

/**
 * Videos for one process: a start of 55 ms (Debian's ffmpeg, which links 215 libraries) costs as much as decoding a short
 * video, one of a few ms (a static one) a tenth of it.
 */
export function videosTogether({ startupMs }: Ffmpeg): number {
  return startupMs > 20 ? 8 : 4;
}

interface Waiting extends Place {
  /** Whether it must have a process of its own: it failed together with others. */
  alone: boolean;
  /** Whether a thread is to decode it: an image, until that has turned out to be ffmpeg's. */
  byThread: boolean;
  /** Hosts that ended while they decoded it. */
  deaths: number;
  resolve(delivered: Delivered): void;
  reject(error: unknown): void;
}

/** Starts the hosts at once, unless told otherwise; see host.ts for why early. */
export function openDecoders(ffmpeg: Ffmpeg, options: DecodersOptions): Decoders {
  const { concurrency, signal, inactivityMs = INACTIVITY_MS, decoder = 'ffmpeg', lazy = false } = options;
  // A video decoded by the host has no process to share.
  const together = decoder === 'ffmpeg' ? (options.together ?? videosTogether(ffmpeg)) : 1;
  const closing = new AbortController();
  const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
  setMaxListeners(0, stop);
  const hosts = new Set<Host>();
  const start = (): Host => {
    const host = new Host(ffmpeg, { inactivityMs, decoder });
    hosts.add(host);
    return host;
  };
  const idle = Array.from({ length: lazy ? 0 : concurrency }, start);
  const unpacking = openUnpackThreads();
  const images = openImageThreads(inactivityMs);
  const queue: Waiting[] = [];
  // Without rejectOnClear, promises of cleared work would stay pending for ever.
  const limit = pLimit({ concurrency, rejectOnClear: true });

  const enqueue = (waiting: readonly Waiting[], front = false): void => {
    if (front) queue.unshift(...waiting);
    else queue.push(...waiting);
    // A turn for each: the turns of those that shared a process find nothing left to do.
    for (const _ of waiting) limit(serve).catch(() => {});
  };

  stop.addEventListener('abort', () => {
    limit.clearQueue();
    for (const { reject } of queue.splice(0)) reject(stop.reason);
  });

  async function serve(): Promise<void> {
    const group = takeGroup(queue, together, concurrency);
    const [first] = group;
    if (first === undefined) return;
    if (isPacked(first.visit)) {
      await unpackOne(first);
      return;
    }
    if (first.byThread) {
      await decodeImages(group);
      return;
    }
    let host = idle.pop() ?? start();
    if (!host.isAlive || (decoder !== 'ffmpeg' && host.jobs >= JOBS_IN_PROCESS)) {
      await host.close();
      hosts.delete(host);
      host = start();
    }
    try {
      await decodeGroup(host, group);
    } finally {
      idle.push(host);
    }
  }

  async function unpackOne({ visit, into, resolve, reject }: Waiting): Promise<void> {
    try {
      await unpacking.unpack(visit, into, stop);
      resolve({});
    } catch (thrown) {
      reject(stop.aborted ? stop.reason : thrown);
    }
  }

  async function decodeImages(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await images.decode(group, stop);
      for (const [i, answer] of answers.entries()) {
        const one = group[i] as Waiting;
        if ('error' in answer) one.reject(unpackError(answer.error));
        else if ('unfit' in answer) {
          one.byThread = false;
          enqueue([one], true);
        } else one.resolve(answer);
      }
    } catch (thrown) {
      if (group.length > 1 && isDataError(thrown)) {
        for (const one of group) one.alone = true;
        enqueue(group, true);
      } else for (const { reject } of group) reject(stop.aborted ? stop.reason : thrown);
    }
  }

  async function decodeGroup(host: Host, group: readonly Waiting[]): Promise<void> {
    const [first] = group as readonly [Waiting];
    const bytes = receiver(group);
    const again = (): void => {
      for (const one of group) one.alone = true;
      enqueue(group, true);
    };
    try {
      const result = await host.run(
        group.map(({ visit }) => visit),
        bytes,
        { signal: stop, byFfmpeg: first.deaths > 0 },
      );
      const { received, failure, complaint } = result;
      const whole = failure === undefined && received === bytes.expected;
      if (group.length > 1 && !(whole && complaint === undefined)) {
        again();
      } else if (!whole) {
        first.reject(shortage(first.visit, received, complaint ?? failure));
      } else {
        for (const one of group) {
          arrange(one);
          one.resolve(complaint === undefined ? {} : { warning: complaint });
        }
      }
    } catch (thrown) {
      if (stop.aborted) for (const one of group) one.reject(stop.reason);
      else if (!host.isAlive && group.every((one) => one.deaths++ === 0)) again();
      else if (group.length > 1 && isDataError(thrown)) again();
      else for (const one of group) one.reject(thrown);
    }
  }

  return {
    async visit(visit, into) {
      stop.throwIfAborted();
      checkVisit(visit);
      if (into.length !== visitBytes(visit)) throw new RangeError(`${visitBytes(visit)} bytes are needed`);
      return await new Promise<Delivered>((resolve, reject) => {
        const { image: byThread = false, alone = false } = visit;
        enqueue([{ visit, into, alone, byThread, deaths: 0, resolve, reject }]);
      });
    },
    async close() {
      closing.abort(new Interrupted('the decoders were closed'));
      await Promise.all([...[...hosts].map((host) => host.close()), unpacking.close(), images.close()]);
    },
  };
}

/** The next visits for one job: of one size as they are decoded, or images; packed ones singly; the other hosts get theirs. */
function takeGroup(queue: Waiting[], together: number, hosts: number): Waiting[] {
  const [first] = queue;
  if (first === undefined) return [];
  const { byThread } = first;
  const most = Math.min(byThread ? IMAGES_TOGETHER : together, Math.ceil(queue.length / hosts));
  const { width, height } = decodedSize(first.visit);
  const fits = (one: Waiting): boolean => {
    if (one.alone || one.byThread !== byThread) return false;
    if (byThread) return true;
    const size = decodedSize(one.visit);
    return !isPacked(one.visit) && size.width === width && size.height === height;
  };
  let count = 1;
  if (fits(first)) while (count < most && fits(queue[count] as Waiting)) count++;
  return queue.splice(0, count);
}
