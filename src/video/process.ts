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
import { Writable } from 'node:stream';
import fluent from 'fluent-ffmpeg';
import { dataError, environmentError, messageOf } from '../errors/index.ts';
import { complaints, TELLING } from './complaints.ts';
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
  /** Kills the process when it gives no byte for so long. Default 30 s. */
  readonly inactivityMs?: number | undefined;
}

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

function failureOf(code: number | null, killer: NodeJS.Signals | null): string | undefined {
  if (code === 0) return undefined;
  return killer === null ? `ffmpeg ended with code ${code}` : `ffmpeg crashed (${killer})`;
}

/** Code with which ffmpeg ends after SIGTERM, SIGINT and the like, without a word; with words it is an error's code. */
const STOPPED = 255;
const KILLERS: readonly unknown[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** What is no fault of the file: somebody else ended ffmpeg. Undefined where nobody did. */
function endedByOthers(code: number | null, killer: NodeJS.Signals | null, stderr: string): string | undefined {
  if (KILLERS.includes(killer)) return `ffmpeg was killed (${killer})`;
  return code === STOPPED && stderr === '' ? 'ffmpeg was told to stop by a signal' : undefined;
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
  output: ((chunk: Uint8Array) => void) | { readonly fd: number },
  { signal, inactivityMs = INACTIVITY_MS }: RunOptions = {},
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

    const stop = (reason: unknown): void => {
      stopped ??= { reason };
      child?.kill('SIGKILL');
    };
    const onAbort = (): void => stop(signal?.reason);
    const cannotStart = (error: Error): void =>
      stop(environmentError(`ffmpeg could not be started: ${messageOf(error)}`, { at: ffmpeg.path, cause: error }));
    signal?.addEventListener('abort', onAbort, { once: true });
    const watch = (): void => {
      if (++quietTicks > TICKS)
        stop(dataError(`ffmpeg gave nothing for ${inactivityMs / 1000} s`, { at: fileOf(job) }));
    };
    const clock = typeof output !== 'function' ? undefined : setInterval(watch, inactivityMs / TICKS);
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

    const sink = (onData: (chunk: Uint8Array) => void): Writable =>
      new Writable({
        // A 'close' of the target is what makes fluent-ffmpeg kill a process that is still on its way out.
        autoDestroy: false,
        emitClose: false,
        write(chunk: Uint8Array, _encoding, done) {
          quietTicks = 0;
          onData(chunk);
          done();
        },
      });
    const command = commandFor(ffmpeg, job, typeof output === 'function' ? sink(output) : output.fd);
    command.on('start', () => {
      child = command.ffmpegProc as ChildProcess;
      track(child);
      child.stderr?.on('data', complained.take);
      child.once('error', cannotStart);
      child.once('close', settle);
      if (stopped) child.kill('SIGKILL');
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
