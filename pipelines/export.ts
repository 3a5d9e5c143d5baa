/** `petl-video export`: a run as a SavedModel or ONNX file for others to serve. */
import path from 'node:path';
import { isUsable } from '../src/data/manifest.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { dataError, usageError } from '../src/errors/index.ts';
import { protocolText } from '../src/eval/protocol.ts';
import { exportModel, FORMATS } from '../src/export/export.ts';
import { openLoader } from '../src/inference/from-recipe.ts';
import { type OpenRun, openRun } from '../src/inference/open-runs.ts';
import { findFfmpeg } from '../src/video/ffmpeg.ts';
import type { Command, Context } from './command.ts';
import { engineFlags } from './engine-choice.ts';
import { ffmpegPlaces } from './environment.ts';
import { wholeNumber } from './number-option.ts';

/** Videos that are tried for the check: a broken one is passed over. */
const TRIED_VIDEOS = 5;

export const exportCommand: Command = {
  name: 'export',
  summary: 'Write a run as a model that TensorFlow or onnxruntime serve, without this program',
  arguments: [{ name: '<run>', description: 'folder of the run' }],
  options: [
    { flags: '--format <name>', description: FORMATS.join(' or ') },
    { flags: '--out <folder>', description: 'where to (default: export-<format> in the folder of the run)' },
    { flags: '--batch <n>', description: 'clips of a call', default: '1' },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    ...engineFlags('engine of the recipe').filter(({ flags }) => !flags.startsWith('--precision')),
  ],
  examples: [
    'petl-video export runs/hmdb51-adaptformer-vit-b --format onnx',
    'petl-video export runs/mine --format savedmodel --batch 4 --out served/1',
  ],
  async run([run], options, context) {
    const format = FORMATS.find((known) => known === options.format);
    if (format === undefined) {
      const given = options.format === undefined ? '--format is missing' : `--format ${options.format}`;
      throw usageError(`${given}: choose ${FORMATS.join(' or ')}`);
    }
    const batch = wholeNumber(options, 'batch') as number;
    const from = run as string;
    const folder = (options.out as string | undefined) ?? path.join(from, `export-${format}`);
    const { environment, reporter, signal } = context;
    // The file is in float32, whatever the run was trained in, and so must be what it is checked against.
    const loaded = await openRun(from, options.weights as string, { ...options, precision: 'fp32' }, environment);
    reporter.note(loaded.engine);
    try {
      const { session, model } = loaded;
      const { clip, dataset } = await oneClip(loaded, context);
      const facts = factsOf(loaded, dataset);
      const { cache } = environment;
      const check = await exportModel(session, model, { format, batch, folder, clip, facts, cache, signal });
      const text = `${folder}: ${format}, checked on ${check.clip}: differs by ${check.largestDifference.toExponential(1)}`;
      reporter.result(text, { run: from, format, folder, batch, check });
    } finally {
      loaded.session.dispose();
    }
  },
};

/** The middle clip of the first video of the validation split that decodes. */
async function oneClip(
  { recipe: { data }, recipe }: OpenRun,
  { environment, signal }: Context,
): Promise<{ clip: { id: string; pixels: Uint8Array }; dataset: string }> {
  const dataset = await readDataset(data.path);
  const entries = await readSplit(data.path, dataset, data.validationSplit, data.fold);
  const ffmpeg = await findFfmpeg(ffmpegPlaces(environment, signal));
  const loader = openLoader(recipe, ffmpeg, dataset, { [data.validationSplit]: entries });
  try {
    const usable = entries.flatMap((entry, index) => (isUsable(entry) ? [{ entry, index }] : []));
    for (const { entry, index } of usable.slice(0, TRIED_VIDEOS)) {
      const loaded = await loader.views(data.validationSplit, index, { segments: 1, crops: 1 });
      if ('clips' in loaded) return { clip: { id: entry.id, pixels: loaded.clips }, dataset: dataset.name };
    }
  } finally {
    await loader.close();
  }
  throw dataError(`no video of the ${data.validationSplit} split could be read, and the export is checked on one`, {
    at: data.path,
    remedy: 'see whether the disk with the videos is there, or run petl-video prepare again',
  });
}

function factsOf({ recipe, metadata, weights }: OpenRun, dataset: string): Parameters<typeof exportModel>[2]['facts'] {
  const { data, eval: evaluation } = recipe;
  const { frames, stride, sampling, size, interpolation, fold, validationSplit: split } = data;
  const { segments, crops, resize, fuse: fusion } = evaluation;
  const { classes, method, backbone } = metadata;
  const views = { segments, crops };
  const protocol = {
    dataset,
    split,
    fold,
    classes: classes.length,
    frames,
    stride,
    sampling,
    size,
    resize,
    interpolation,
    views,
    fusion,
    weights,
  };
  return {
    run: recipe.name,
    method,
    weights,
    backbone,
    classes,
    preprocessing: { frames, stride, sampling, size, resize: resize ?? size, interpolation, ...views, mean: fusion },
    protocol: protocolText(protocol),
  };
}
