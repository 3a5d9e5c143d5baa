/** `petl-video serve`: a run behind a local page and a small JSON API. */
import os from 'node:os';
import path from 'node:path';
import { codeOf, messageOf } from '../src/errors/index.ts';
import { warmUp } from '../src/inference/classify.ts';
import { loadRun, type Run } from '../src/inference/run.ts';
import type { AboutRun } from '../src/pages/serve/about.ts';
import { EVALUATION_FILE, readEvaluation } from '../src/results/evaluation.ts';
import { backboneName } from '../src/results/names.ts';
import { answerByRun } from '../src/serve/answer-by-run.ts';
import { checkAddress, exposure } from '../src/serve/listen.ts';
import { serve as startServer } from '../src/serve/serve.ts';
import type { Command, Options, Reporter } from './command.ts';
import { engineFlags } from './engine-choice.ts';
import { wholeNumber } from './number-option.ts';
import { oneOf } from './one-of.ts';

/** Uploads that may wait beside those that are answered. */
const WAITING = 32;

export const serve: Command = {
  name: 'serve',
  summary: 'Open a run as a local page that classifies videos, images and the camera, with a JSON API',
  arguments: [{ name: '<run>', description: 'folder of the run' }],
  options: [
    {
      flags: '--host <address>',
      description: 'address to listen at; any but the default opens it to others',
      default: '127.0.0.1',
    },
    { flags: '--port <n>', description: 'port to listen at; 0 for any that is free', default: '8420' },
    { flags: '--max-upload <MB>', description: 'largest file that is taken', default: '200' },
    { flags: '--top <n>', description: 'classes shown for each file', default: '5' },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video serve runs/hmdb51-adaptformer-vit-b',
    'petl-video serve runs/mine --port 0 --weights best',
    "curl --data-binary @clip.mp4 'http://127.0.0.1:8420/api/classify?name=clip.mp4&top=3'",
  ],
  async run([folder], options, { environment, reporter, signal }) {
    const host = options.host as string;
    const port = wholeNumber(options, 'port', 0, 65_535) as number;
    const uploadBytes = (wholeNumber(options, 'maxUpload', 1, 100_000) as number) * 1e6;
    const top = wholeNumber(options, 'top', 1, 1_000_000) as number;
    const weights = oneOf('--weights', String(options.weights), ['last', 'best'] as const);
    await checkAddress(host, port);
    const run = await loadRun(folder as string, { ...wordsOf(options), weights, environment, signal });
    try {
      await warmUp(run);
      const about = await aboutRun(folder as string, run, { uploadBytes, top }, reporter);
      const served = await startServer({
        about,
        answer: answerByRun(run),
        host,
        port,
        queue: { atOnce: os.availableParallelism(), waiting: WAITING },
        log: (line) => reporter.note(`${new Date().toTimeString().slice(0, 8)} ${line}`),
        signal,
      });
      const open = exposure(host);
      if (open !== undefined) reporter.warn(open);
      reporter.note(`${run.weights}; ${run.engine}`);
      reporter.result(`${served.origin}/`, { origin: served.origin, run: folder });
      await served.closed;
    } finally {
      await run.close();
    }
  },
};

function wordsOf(options: Options): { engine?: string; device?: string; precision?: string } {
  const given = (['engine', 'device', 'precision'] as const).flatMap((key) =>
    options[key] === undefined ? [] : [[key, String(options[key])]],
  );
  return Object.fromEntries(given);
}

async function aboutRun(folder: string, run: Run, limits: AboutRun['limits'], reporter: Reporter): Promise<AboutRun> {
  const { recipe, model, classes, weights, engine } = run;
  const { frames, size } = model.backbone;
  const measured = await measuredTop1(folder, reporter);
  return {
    name: path.basename(path.resolve(folder)),
    method: recipe.method.name,
    backbone: backboneName(recipe),
    classes,
    weights,
    engine,
    clip: { frames, stride: recipe.data.stride, size },
    views: { segments: recipe.eval.segments, crops: recipe.eval.crops },
    ...(measured === undefined ? {} : { measured }),
    limits: { ...limits, top: Math.min(limits.top, classes.length) },
  };
}

async function measuredTop1(folder: string, reporter: Reporter): Promise<AboutRun['measured']> {
  try {
    const { top1, protocol } = await readEvaluation(path.join(folder, EVALUATION_FILE));
    return { top1, protocol: protocol.text };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') reporter.warn(messageOf(error));
    return undefined;
  }
}
