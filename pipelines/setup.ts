/** `petl-video setup`: provides what npm could not bring, libtensorflow with its binding and ffmpeg. */
import { environmentError } from '../src/errors/index.ts';
import { isBindingReady } from '../src/setup/binding.ts';
import { ensureReady, type Part, type Readiness } from '../src/setup/ensure-ready.ts';
import { type Ffmpeg, findFfmpeg } from '../src/video/ffmpeg.ts';
import type { Command, Context } from './command.ts';

export const setup: Command = {
  name: 'setup',
  summary: 'Provide TensorFlow and ffmpeg where npm could not; quick when they are there',
  arguments: [],
  options: [{ flags: '--cuda', description: 'TensorFlow with CUDA 12 (Linux x64; downloads 3.3 GB, needs 7 GB)' }],
  examples: ['petl-video setup', 'petl-video setup --cuda'],

  async run(_values, options, context) {
    const ready = await makeReady(context, { cuda: options.cuda === true });
    const { tensorflow, ffmpeg } = ready;
    const text = [`TensorFlow  ${describe(tensorflow)}`, `ffmpeg      ${describe(ffmpeg)}`].join('\n');
    context.reporter.result(text, { tensorflow: asJson(tensorflow), ffmpeg: asJson(ffmpeg) });
    failUnlessReady(ready);
  },
};

/** Sets up for another command: returns when training can run. @throws environment error when it cannot */
export async function requireReady(context: Context): Promise<void> {
  failUnlessReady(await makeReady(context, {}));
}

/** Provides what is missing, with progress on the reporter. Only failures of the environment are in the result. */
export async function makeReady(context: Context, options: { readonly cuda?: boolean }): Promise<Readiness> {
  const { environment, reporter, signal } = context;
  const locate = () => locateFfmpeg(context);
  const locateFast = async () => {
    const found = await locate();
    // The system's works too, but often starts 50 ms later, for every clip; set-up's own goes before it.
    return found?.source === 'PATH' ? undefined : found?.path;
  };
  const ready = await ensureReady({
    environment,
    ...options,
    signal,
    listener: reporter,
    locateFfmpeg: locateFast,
  });
  const { tensorflow, ffmpeg } = ready;
  if (options.cuda === true && tensorflow.state === 'failed' && (await isBindingReady(environment.cache, 'cpu'))) {
    reporter.warn('TensorFlow with CUDA could not be provided; the one for the CPU stays usable');
  }
  if (ffmpeg.state !== 'failed') return ready;
  const system = environment.ffmpegPath ? undefined : await locate();
  if (system === undefined) return ready;
  reporter.warn(`a faster ffmpeg could not be provided, ${system.path} is used: ${ffmpeg.error.message}`);
  return { tensorflow, ffmpeg: { state: 'found', file: system.path } };
}

async function locateFfmpeg({ environment, signal }: Context): Promise<Ffmpeg | undefined> {
  const { ffmpegPath, cache, searchPath } = environment;
  try {
    return await findFfmpeg({ environmentPath: ffmpegPath, cache, searchPath, signal });
  } catch (error) {
    signal.throwIfAborted();
    // One that the person named and that does not work is theirs to mend; none at all is what set-up is for.
    if (ffmpegPath) throw error;
    return undefined;
  }
}

function failUnlessReady({ tensorflow, ffmpeg }: Readiness): void {
  const failed = [tensorflow, ffmpeg].filter((part) => part.state === 'failed');
  const [first] = failed;
  if (first === undefined) return;
  if (failed.length === 2) {
    const { remedy } = first.error;
    throw environmentError('neither TensorFlow nor ffmpeg is there', { ...(remedy && { remedy }), cause: first.error });
  }
  throw first.error;
}

function describe(part: Part): string {
  if (part.state === 'failed') return `missing: ${part.error.message}`;
  return `${part.state === 'found' ? 'was there' : 'provided'}: ${part.file}`;
}

function asJson(part: Part): unknown {
  if (part.state === 'failed') return { state: part.state, error: part.error.message };
  return part;
}
