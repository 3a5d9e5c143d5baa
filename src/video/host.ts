/**
 * A decoder host: a small process that starts ffmpeg for us. Node forks to start a program, which copies page tables: 3 ms
 * from a process of this size, 155 ms from one that holds 4 GiB of weights. Open hosts before memory grows.
 *
 * Jobs and answers go over the channel of `fork`. Clips come over a socket of their own that ffmpeg inherits as its standard
 * output, and are read straight into the memory they are meant for: one copy, in the kernel. Nothing else is ever
 * asked for than there is room for, which is all the back-pressure that is needed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { dataError, environmentError, messageOf } from '../errors/index.ts';
import { type PackedError, unpackError } from '../errors/packed.ts';
import type { JobOutcome } from './decode-job.ts';
import type { Ffmpeg } from './ffmpeg.ts';
import type { DecoderName } from './library/load.ts';
import type { Receiver } from './receiver.ts';
import type { Visit } from './visit.ts';

export interface HostJob {
  readonly id: number;
  readonly visits: readonly Visit[];
  /** Hexadecimal; what the host writes behind the clips. */
  readonly trailer: string;
  /** Whether it must be left to ffmpeg: a host ended while it decoded this itself. */
  readonly byFfmpeg: boolean;
}
export type HostRequest =
  | { readonly open: Ffmpeg; readonly decoder: DecoderName }
  | HostJob
  | { readonly stop: true }
  /** The answer has come: the trailer may follow. */
  | { readonly heard: number };
export type HostAnswer = { readonly done: number } & (JobOutcome | { readonly error: PackedError });

/** Behind stdin, stdout, stderr and the channel. */
export const CLIPS_FD = 4;

const TRAILER_BYTES = 16;
/** How long a host may take to end, or to end its ffmpeg, before it is killed. */
const PATIENCE_MS = 5000;
/** Inactivity is counted in ticks: while something blocks this thread, no tick is counted. */
const TICKS = 10;

export interface HostResult extends JobOutcome {
  /** Bytes of clips that came. */
  readonly received: number;
}

interface Running {
  readonly id: number;
  readonly receiver: Receiver;
  readonly trailer: Buffer;
  /** The last bytes that came. */
  tail: Buffer;
  beyond: number;
  quietTicks: number;
  /** Set once ffmpeg has given nothing for too long. */
  stalled?: Error;
  answer?: HostAnswer;
  resolve(result: HostResult): void;
  reject(error: unknown): void;
}

export interface HostOptions {
  readonly inactivityMs: number;
  readonly decoder: DecoderName;
}

export interface HostRunOptions {
  readonly signal?: AbortSignal;
  readonly byFfmpeg?: boolean;
}

/** The lifetime of one host process. */
export class Host {
  readonly #child: ChildProcess;
  readonly #clips: Socket;
  readonly #inactivityMs: number;
  /** For the first bytes of a job, whose place is not yet known when the socket asks for one, and for its trailer. */
  readonly #aside = new Uint8Array(4096);
  #running: Running | undefined;
  #room: Uint8Array = this.#aside;
  #jobs = 0;
  #ended: Error | undefined;

  constructor(ffmpeg: Ffmpeg, { inactivityMs, decoder }: HostOptions) {
    this.#inactivityMs = inactivityMs;
    this.#child = fork(new URL('./host-child.js', import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
      // A process group of its own: Ctrl-C is for the parent, which saves a checkpoint first.
      detached: process.platform !== 'win32',
    });
    this.#clips = readInto(this.#child.stdio[CLIPS_FD] as Socket, {
      room: () => this.#nextRoom(),
      took: (bytes) => this.#took(bytes),
    });
    this.#clips.on('error', () => this.#child.kill('SIGKILL'));
    this.#child.on('message', (message: HostAnswer) => this.#onAnswer(message));
    this.#child.on('error', (error) => this.#onError(error));
    this.#child.on('exit', (code, signal) => {
      this.#end(
        environmentError(`a process that decodes videos ended (${signal ?? `code ${code}`})`, {
          remedy: 'see whether memory ran out',
        }),
      );
    });
    this.#send({ open: ffmpeg, decoder });
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  /** Jobs begun so far. */
  get jobs(): number {
    return this.#jobs;
  }

  /**
   * Runs ffmpeg over the visits and resolves when it is gone and its last byte has been read.
   * @throws data error where a file is not there or ffmpeg gives nothing for too long; environment error where the host or
   *   ffmpeg is ended by others; the signal's reason on abort
   */
  async run(visits: readonly Visit[], receiver: Receiver, options: HostRunOptions = {}): Promise<HostResult> {
    const { signal, byFfmpeg = false } = options;
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#running !== undefined) throw new Error('the host is busy');
    signal?.throwIfAborted();
    const stop = (): void => this.#stop();
    const clock = setInterval(() => this.#tick(visits[0]?.file ?? ''), this.#inactivityMs / TICKS);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await new Promise<HostResult>((resolve, reject) => {
        const id = this.#jobs++;
        const trailer = randomBytes(TRAILER_BYTES);
        const begun = { tail: Buffer.alloc(0), beyond: 0, quietTicks: 0 };
        this.#running = { id, receiver, trailer, ...begun, resolve, reject };
        this.#send({ id, visits, trailer: trailer.toString('hex'), byFfmpeg });
      });
    } catch (thrown) {
      if (signal?.aborted) throw signal.reason;
      throw thrown;
    } finally {
      clearInterval(clock);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Ends the process and its ffmpeg; resolves when both are gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    const timer = setTimeout(() => this.#kill(), PATIENCE_MS);
    if (this.#child.connected) this.#child.disconnect();
    await exit;
    clearTimeout(timer);
  }

  #send(request: HostRequest): void {
    // A message that cannot be sent: the process is gone or no longer listens, and 'exit' says how it ended.
    this.#child.send(request, (error) => error !== null && this.#child.kill('SIGKILL'));
  }

  #nextRoom(): Uint8Array {
    const room = this.#running?.receiver.room() ?? this.#aside;
    this.#room = room.length > 0 ? room : this.#aside;
    return this.#room;
  }

  #took(bytes: number): void {
    const running = this.#running;
    if (running === undefined) {
      this.#kill(); // Nobody asked for anything.
      return;
    }
    running.quietTicks = 0;
    const last = this.#room.subarray(Math.max(0, bytes - TRAILER_BYTES), bytes);
    running.tail = Buffer.concat([running.tail, last]).subarray(-TRAILER_BYTES);
    if (this.#room === this.#aside) running.beyond += running.receiver.put(this.#room.subarray(0, bytes));
    else running.receiver.took(bytes);
    this.#settle();
  }

  #onAnswer(message: HostAnswer): void {
    if (this.#running?.id === message.done) this.#running.answer = message;
    this.#send({ heard: message.done });
  }

  /**
   * The job is over when the trailer has come behind the last byte of ffmpeg's. It comes after the answer, never before, so
   * that no job ends but here, in between two reads: the socket asks for the memory of the next read right after this one,
   * and must not hold on to that of a job that is over.
   */
  #settle(): void {
    const running = this.#running;
    if (running?.answer === undefined || !running.tail.equals(running.trailer)) return;
    this.#running = undefined;
    const { receiver, beyond, answer, stalled } = running;
    if (stalled !== undefined) running.reject(stalled);
    else if ('error' in answer) running.reject(unpackError(answer.error));
    else {
      const { failure, complaint } = answer;
      const received = receiver.received + beyond - TRAILER_BYTES;
      running.resolve({ received, ...(failure && { failure }), ...(complaint && { complaint }) });
    }
  }

  #tick(file: string): void {
    const running = this.#running;
    if (running === undefined || running.stalled !== undefined || ++running.quietTicks <= TICKS) return;
    running.stalled = dataError(`ffmpeg gave nothing for ${this.#inactivityMs / 1000} s`, { at: file });
    this.#stop();
  }

  #stop(): void {
    if (!this.isAlive) return;
    this.#send({ stop: true });
    const running = this.#running;
    setTimeout(() => running !== undefined && this.#running === running && this.#kill(), PATIENCE_MS).unref();
  }

  #kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** An ffmpeg whose host is gone would end only when it next writes. Both are a process group. */
  #killOrphan(): void {
    if (this.#child.pid === undefined || process.platform === 'win32') return;
    try {
      process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // There is none.
    }
  }

  #onError(error: Error): void {
    if (this.#child.pid !== undefined) {
      this.#kill();
      return;
    }
    this.#end(
      environmentError(`the process that decodes videos could not be started: ${messageOf(error)}`, {
        remedy: 'see whether memory or the number of processes (ulimit -u) ran out',
        cause: error,
      }),
    );
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#clips.destroy();
    this.#killOrphan();
    this.#running?.reject(this.#running.stalled ?? error);
    this.#running = undefined;
  }
}

/**
 * A socket that reads what comes over a child's pipe into memory of our choosing. Node offers that (`onread`) to sockets that
 * are made, not to those that `fork` hands out, so one is made over the same handle: it saves a millisecond of copying a
 * clip, a tenth of what a clip of packed frames costs.
 */
function readInto(pipe: Socket, to: { room(): Uint8Array; took(bytes: number): void }): Socket {
  const { _handle: handle } = pipe as Socket & { _handle: unknown };
  const onread = {
    buffer: () => to.room(),
    callback: (bytes: number) => {
      to.took(bytes);
      return true;
    },
  };
  return new Socket({ handle, onread } as unknown as ConstructorParameters<typeof Socket>[0]);
}
