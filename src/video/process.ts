/**
 * One run of ffmpeg: options in, bytes of its standard output and its complaints out. The only importer of fluent-ffmpeg.
 *
 * fluent-ffmpeg 2.1.3 is archived, so its inside no longer moves, and these faults of it are repaired here:
 *  - the path to ffmpeg is one variable for the whole process, read some ticks after the command was started;
 *  - the first command starts two more ffmpeg processes (`-formats`, `-encoders`) to check what we already know;
 *  - a binary that cannot be started ends in a TypeError nobody can catch, for the log buffers it reports do not exist yet;
 *  - it kills with SIGTERM, which an ffmpeg blocked on a full pipe ignores, and 20 ms after its target closes, ended or not.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { pipeline, type Readable, Writable } from 'node:stream';
import fluent from 'fluent-ffmpeg';
import { codeOf, dataError, environmentError, messageOf } from '../errors/index.ts';
import { complaints, TELLING } from './complaints.ts';
import { endedByOthers, failureOf } from './ending.ts';
import type { Ffmpeg } from './ffmpeg.ts';

export interface JobInput {
  /** What `-i` gets; see `openInput`. */
  readonly source: string;
  /** Options before `-i`, one word each. */
  readonly options: readonly string[];
}

export interface FfmpegJob {
  readonly inputs: readonly [JobInput, ...JobInput[]];
  /** Video filters of the one input in order, none where empty; or a graph over all inputs and its labelled output. */
  readonly filters: readonly string[] | { readonly graph: string; readonly output: string };
  /** Options after the filters, one word each. */
  readonly outputOptions: readonly string[];
  /** Raw pictures, one line of text for each picture (time stamp, size, checksum), or nothing at all. */
  readonly format: 'rawvideo' | 'framecrc' | 'null';
}

export interface RunOptions {
  /** Kills the process and rejects with the signal's reason, after the process is gone. */
  readonly signal?: AbortSignal | undefined;
  /** Kills the process when it gives no byte for so long; Infinity never does. Default 30 s. */
  readonly inactivityMs?: number | undefined;
  /** What ffmpeg reads as `pipe:0`; destroyed when ffmpeg no longer reads it. */
  readonly stdin?: Readable | undefined;
  /** Is handed standard error as it comes, information too. */
  readonly heard?: ((text: string) => void) | undefined;
}

/** While a promise that it returns is pending, no more is read: ffmpeg then waits on its full pipe. */
export type TakeChunk = (chunk: Uint8Array) => unknown;

export interface Finished {
  /** Undefined when ffmpeg ended with code 0; else how it ended, such as `ffmpeg crashed (SIGSEGV)`. */
  readonly failure: string | undefined;
  /** The first 4 KiB of what ffmpeg complained about, made-up pictures among it; empty when all is well. */
  readonly stderr: string;
}

const STDERR_LIMIT = 4096;
const INACTIVITY_MS = 30_000;
/** Inactivity is counted in ticks of the event loop's clock: while a training step blocks the loop, no tick is counted. */
const TICKS = 10;

type EndCallback = (error: Error | null, stdout?: LogRing, stderr?: LogRing) => void;
interface LogRing {
  get(): string;
}
/** What @types/fluent-ffmpeg leaves out. */
interface CommandInside {
  ffmpegProc?: ChildProcess;
  _getFfmpegPath(callback: (error: null, path: string) => void): void;
  _spawnFfmpeg(
    args: string[],
    options: SpawnOptions,
    onProcess: (...given: unknown[]) => void,
    onEnd: EndCallback,
  ): void;
}

const KILLED_REMEDY = 'see whether memory ran out, or whether something stops processes of this machine';

const NO_LOG: LogRing = { get: () => '' };

const running = new Set<ChildProcess>();
const killAll = (): void => {
  for (const child of running) child.kill('SIGKILL');
};

function track(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killAll);
  running.add(child);
}

function forget(child: ChildProcess): void {
  if (running.delete(child) && running.size === 0) process.off('exit', killAll);
}

/** The command, with its faults (see above) repaired on this one object. */
function commandFor(ffmpeg: Ffmpeg, job: FfmpegJob, target: Writable | number): fluent.FfmpegCommand & CommandInside {
  const command = fluent() as fluent.FfmpegCommand & CommandInside;
  command._getFfmpegPath = (callback) => callback(null, ffmpeg.path);
  // Every word of the job counts as a format there is, for an image's demuxer stands among its input options.
  const formats = [job.format, ...job.inputs.flatMap((input) => input.options)].map((name) => [
    name,
    { canMux: true, canDemux: true },
  ]);
  Object.assign(command, {
    availableFormats: (callback: (error: null, known: object) => void) => callback(null, Object.fromEntries(formats)),
    availableEncoders: (callback: (error: null, known: object) => void) => callback(null, {}),
  });
  const spawn = command._spawnFfmpeg;
  command._spawnFfmpeg = (args, options, onProcess, onEnd) => {
    const end: EndCallback = (error, stdout = NO_LOG, stderr = NO_LOG) => onEnd(error, stdout, stderr);
    // A stream's bytes go through this process; a descriptor's go past it, and fluent-ffmpeg has nothing to capture.
    const past = typeof target === 'number' && { captureStdout: false, stdio: ['ignore', target, 'pipe'] as const };
    try {
      // A process group of its own: Ctrl-C is for us, who save a checkpoint first, and must not cut clips short on the way.
      // A decoder host has such a group already, which ends as a whole if the host does.
      const detached = process.platform !== 'win32' && typeof target !== 'number';
      spawn.call(command, args, { ...options, detached, ...past } as SpawnOptions, onProcess, end);
    } catch (thrown) {
      end(thrown as Error);
    }
  };
  // Two words or more go in as separate arguments, for fluent-ffmpeg splits a single one at its space.
  for (const [i, { source, options }] of job.inputs.entries()) {
    const all = i === 0 ? [...TELLING, '-nostdin', ...options] : options;
    command.input(source);
    if (all.length > 0) command.inputOptions(...all);
  }
  command
    .output(typeof target === 'number' ? 'pipe:1' : target)
    .format(job.format)
    .outputOptions('-an', '-sn', '-dn', ...job.outputOptions);
  if ('graph' in job.filters) command.complexFilter(job.filters.graph, job.filters.output);
  else if (job.filters.length > 0) command.videoFilters([...job.filters]);
  return command;
}

const fileOf = ({ inputs }: FfmpegJob): string => inputs[0].source.replace(/^file:/, '');

/** Feeds ffmpeg. A pipe that it closes says nothing: its exit code and its words do. */
function feed(child: ChildProcess, stdin: Readable, failed: (error: Error) => void): void {
  pipeline(stdin, child.stdin as Writable, (error) => {
    if (error && !['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(codeOf(error) ?? '')) failed(error);
  });
}

/**
 * Runs ffmpeg, hands every chunk of its standard output to `output`, or lets it write to that open descriptor itself, and
 * resolves when the process is gone. What is written to a descriptor is not seen here: inactivity is not watched then.
 * Rejects with the signal's reason on abort, with a data error when ffmpeg stalls, with an environment error when it
 * cannot be started or others end it. Whatever happens, no process is left behind.
 */
export function runFfmpeg(
  ffmpeg: Ffmpeg,
  job: FfmpegJob,
  output: TakeChunk | { readonly fd: number },
  { signal, inactivityMs = INACTIVITY_MS, stdin, heard }: RunOptions = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let child: ChildProcess | undefined;
    let stopped: { readonly reason: unknown } | undefined;
    const complained = complaints(STDERR_LIMIT);
    let quietTicks = 0;
    let held = false;
    let closed: (() => void) | undefined;

    const stop = (reason: unknown): void => {
      stopped ??= { reason };
      child?.kill('SIGKILL');
      // What nobody takes any more would keep it from closing.
      child?.stdout?.destroy();
      closed?.();
    };
    const onAbort = (): void => stop(signal?.reason);
    const cannotStart = (error: Error): void =>
      stop(environmentError(`ffmpeg could not be started: ${messageOf(error)}`, { at: ffmpeg.path, cause: error }));
    signal?.addEventListener('abort', onAbort, { once: true });
    const watch = (): void => {
      if (!held && ++quietTicks > TICKS)
        stop(dataError(`ffmpeg gave nothing for ${inactivityMs / 1000} s`, { at: fileOf(job) }));
    };
    const watched = typeof output === 'function' && Number.isFinite(inactivityMs);
    const clock = watched ? setInterval(watch, inactivityMs / TICKS) : undefined;
    const settle = (code: number | null, killer: NodeJS.Signals | null): void => {
      clearInterval(clock);
      signal?.removeEventListener('abort', onAbort);
      if (child) forget(child);
      const stderr = complained.all();
      const by = stopped ? undefined : endedByOthers(code, killer, stderr);
      if (stopped) reject(stopped.reason);
      else if (by !== undefined) reject(environmentError(by, { at: fileOf(job), remedy: KILLED_REMEDY }));
      else resolve({ failure: failureOf(code, killer), stderr });
    };

    const sinkFor = (take: TakeChunk): Writable =>
      new Writable({
        // A 'close' of the target is what makes fluent-ffmpeg kill a process that is still on its way out.
        autoDestroy: false,
        emitClose: false,
        write(chunk: Uint8Array, _encoding, done) {
          quietTicks = 0;
          const taken = take(chunk);
          held = taken instanceof Promise;
          if (!(taken instanceof Promise)) return done();
          taken.then(() => {
            held = false;
            done();
          }, stop);
        },
      });
    const sink = typeof output === 'function' ? sinkFor(output) : output.fd;
    const command = commandFor(ffmpeg, job, sink);
    command.on('start', () => {
      child = command.ffmpegProc as ChildProcess;
      track(child);
      child.stderr?.on('data', complained.take);
      if (heard) child.stderr?.on('data', heard);
      child.once('error', cannotStart);
      child.once('close', (code: number | null, killer: NodeJS.Signals | null) => {
        closed = () => settle(code, killer);
        // What has come may still wait to be taken.
        if (stopped || typeof sink === 'number' || sink.writableFinished) closed();
        else sink.once('finish', closed);
      });
      if (stdin)
        feed(child, stdin, (error) => stop(dataError(`the input broke off: ${error.message}`, { cause: error })));
      if (stopped) stop(stopped.reason);
    });
    command.on('error', (error: Error) => {
      // With a process the verdict is its exit code, which arrives with 'close'.
      if (child) return;
      cannotStart(error);
      settle(null, null);
    });
    command.run();
  });
}
