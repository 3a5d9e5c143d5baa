/** `petl-video setup`: provides what npm could not bring, libtensorflow with its binding and ffmpeg. */
import { whatIsMissing } from '../src/engine/availability.ts';
import type { EngineOptions } from '../src/engine/options.ts';
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
    const ready = await makeReady(context, options.cuda === true ? 'cuda' : 'cpu');
    const { tensorflow, ffmpeg } = ready;
    const text = [`TensorFlow  ${describe(tensorflow)}`, `ffmpeg      ${describe(ffmpeg)}`].join('\n');
    context.reporter.result(text, { tensorflow: asJson(tensorflow), ffmpeg: asJson(ffmpeg) });
    await failUnlessReady(ready, options.cuda === true, context);
  },
};

/**
 * Sets up for another command: returns when training can run on the engine.
 * @throws environment error when it cannot
 */
export async function requireReady(context: Context, engine: EngineOptions['name']): Promise<void> {
  const needed = engine === 'tensorflow' || engine === 'tensorflow-eager';
  const ready = await makeReady(context, needed || engine === 'auto' ? 'cpu' : 'none');
  await failUnlessReady(ready, needed, context);
}

/** Provides what is missing, with progress on the reporter. Only failures of the environment are in the result. */
export async function makeReady(context: Context, wanted: 'cpu' | 'cuda' | 'none'): Promise<Readiness> {
  const { environment, reporter, signal } = context;
  const locate = () => locateFfmpeg(context);
  const locateFast = async () => {
    const found = await locate();
    // The system's works too, but often starts 50 ms later, for every clip; set-up's own goes before it.
    return found?.source === 'PATH' ? undefined : found?.path;
  };
  const ready = await ensureReady({
    environment,
    tensorflow: wanted,
    signal,
    listener: reporter,
    locateFfmpeg: locateFast,
  });
  const { tensorflow, ffmpeg } = ready;
  if (wanted === 'cuda' && tensorflow.state === 'failed' && (await isBindingReady(environment.cache, 'cpu'))) {
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

/** @param insist that TensorFlow is there; else onnxruntime, which npm brought, may stand in for it */
async function failUnlessReady(
  { tensorflow, ffmpeg }: Readiness,
  insist: boolean,
  { environment, reporter }: Context,
): Promise<void> {
  if (tensorflow.state === 'failed') {
    const without = insist ? tensorflow.error : (await whatIsMissing('onnxruntime', 'cpu', environment))?.error;
    if (without === undefined) {
      reporter.warn(`TensorFlow could not be provided, onnxruntime computes in its place: ${tensorflow.error.message}`);
    } else if (ffmpeg.state === 'failed') {
      const { remedy } = tensorflow.error;
      const details = { ...(remedy && { remedy }), cause: tensorflow.error };
      throw environmentError('neither TensorFlow nor ffmpeg is there', details);
    } else throw tensorflow.error;
  }
  if (ffmpeg.state === 'failed') throw ffmpeg.error;
}

function describe(part: Part): string {
  if (part.state === 'failed') return `missing: ${part.error.message}`;
  if (part.state === 'unasked') return 'not asked for';
  return `${part.state === 'found' ? 'was there' : 'provided'}: ${part.file}`;
}

function asJson(part: Part): unknown {
  if (part.state === 'failed') return { state: part.state, error: part.error.message };
  return part;
}
