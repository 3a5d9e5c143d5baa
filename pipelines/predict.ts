/** `petl-video predict`: what a run says of single videos and images. */
import os from 'node:os';
import path from 'node:path';
import pLimit from 'p-limit';
import type { Entry } from '../src/data/manifest.ts';
import { prefetch } from '../src/data/prefetch.ts';
import { parseViews } from '../src/data/views.ts';
import { dataError, usageError } from '../src/errors/index.ts';
import { batchedForward } from '../src/eval/evaluate.ts';
import { fuseViews, softmax, topClasses } from '../src/eval/metrics.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import { probeVideo } from '../src/video/probe.ts';
import { openLoader } from './assemble.ts';
import type { Command } from './command.ts';
import { engineFlags } from './engine-choice.ts';
import { ffmpegPlaces } from './environment.ts';
import { loadRun } from './load-run.ts';
import { formatTable } from './table.ts';

interface Answer {
  readonly file: string;
  readonly failure?: string;
  readonly top?: readonly { readonly class: string; readonly label: number; readonly probability: number }[];
}

export const predict: Command = {
  name: 'predict',
  summary: 'Classify videos and images with a run',
  arguments: [
    { name: '<run>', description: 'folder of the run' },
    { name: '<files...>', description: 'videos and images' },
  ],
  options: [
    { flags: '--top <n>', description: 'classes shown for each file', default: '5' },
    { flags: '--views <KxC>', description: 'segments × crops, as 4x3 (default: eval of the recipe)' },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video predict runs/hmdb51-adaptformer-vit-b swing.mp4 jump.avi',
    'petl-video predict runs/mine *.mp4 --json',
  ],
  async run([run, given], options, { environment, reporter, signal }) {
    const top = Number(options.top);
    if (!Number.isInteger(top) || top < 1) throw usageError(`--top ${options.top}: give a number of classes`);
    const { recipe, model, metadata, session } = await loadRun(
      run as string,
      options.weights as string,
      options,
      environment,
    );
    const { segments, crops, batch, fuse } = recipe.eval;
    const views = options.views === undefined ? { segments, crops } : parseViews(options.views as string);
    const perVideo = views.segments * views.crops;
    const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));

    const limit = pLimit(os.availableParallelism());
    const entries = await Promise.all(
      (given as readonly string[]).map((file) =>
        limit(async (): Promise<Entry> => {
          const { frames, width, height, fps, verdict, reason } = await probeVideo(ffmpeg, file, { signal });
          const facts = { id: file, file: path.resolve(file), label: 0, frames, width, height, fps, verdict };
          return reason === undefined ? facts : { ...facts, reason };
        }),
      ),
    );
    const dataset = { name: 'files', classes: metadata.classes, root: '/', flip: false, splits: [] };
    const loader = openLoader(recipe, ffmpeg, dataset, { test: entries });
    try {
      const answers: Answer[] = [];
      const forward = await batchedForward(session, model, Math.min(batch, perVideo * entries.length));
      const indices = entries.map((_, index) => index);
      for await (const loaded of prefetch(indices, 4, (index) => loader.views('test', index, views), signal)) {
        signal.throwIfAborted();
        const file = entries[answers.length]?.id as string;
        if ('failure' in loaded) {
          answers.push({ file, failure: loaded.failure });
          continue;
        }
        const logits: Float32Array[] = [];
        const bytes = loaded.clips.length / perVideo;
        for (let v = 0; v < perVideo; v++) {
          await forward.add(loaded.clips.subarray(v * bytes, (v + 1) * bytes), (row) => logits.push(row));
        }
        await forward.flush();
        loaded.release();
        const fused = fuseViews(logits, fuse);
        const probabilities = fuse === 'softmax' ? fused : softmax(fused);
        answers.push({
          file,
          top: topClasses(probabilities, top).map((k) => ({
            class: metadata.classes[k] as string,
            label: k,
            probability: probabilities[k] as number,
          })),
        });
      }
      reporter.result(answersText(answers), answers);
      const failed = answers.filter(({ failure }) => failure !== undefined);
      if (failed.length > 0) {
        throw dataError(`${failed.length} of ${answers.length} files could not be read`, {
          at: failed.map(({ file }) => file).join(', '),
          remedy: 'the reason stands beside each of them above',
        });
      }
    } finally {
      await loader.close();
      session.dispose();
    }
  },
};

function answersText(answers: readonly Answer[]): string {
  const rows = answers.flatMap(({ file, failure, top }) =>
    failure === undefined
      ? (top ?? []).map((best, i) => [i === 0 ? file : '', `${(100 * best.probability).toFixed(1)} %`, best.class])
      : [[file, '', `not read: ${failure}`]],
  );
  return formatTable(['file', 'probability', 'class'], rows);
}
