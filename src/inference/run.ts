/** A run ready to answer: its weights on an engine, and decoders for files that somebody brings. */
import pLimit from 'p-limit';
import type { Recipe } from '../config/index.ts';
import type { EntryLoader } from '../data/loader.ts';
import { type Environment, readEnvironment } from '../setup/environment.ts';
import { type Ffmpeg, findFfmpeg } from '../video/ffmpeg.ts';
import { type EngineWords, engineChoice } from './engine-choice.ts';
import { engineOptions, openLoader } from './from-recipe.ts';
import { type OpenRun, openRun, recipeOf } from './open-runs.ts';

export interface RunOptions {
  /** Those after the last epoch, or at the best validation top-1. Default `last`. */
  readonly weights?: 'last' | 'best';
  /** `auto`, `tensorflow`, `onnxruntime`, … Default: that of the recipe. */
  readonly engine?: string;
  /** `auto`, `cpu`, `cuda`, `webgpu`. Default: that of the recipe. */
  readonly device?: string;
  /** `fp32`, `tf32`, `bf16`, `fp16`. Default: that of the recipe. */
  readonly precision?: string;
  /** Where set-up and ffmpeg are. Default: as the variables of the process say. */
  readonly environment?: Environment;
  readonly signal?: AbortSignal;
}

export interface Run extends OpenRun {
  /** Label → class name. */
  readonly classes: readonly string[];
  readonly loader: EntryLoader;
  readonly ffmpeg: Ffmpeg;
  /** Has the model work on one thing at a time, in the order of the calls: videos may be decoded beside each other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Frees the device and ends every process. The run answers no more. */
  close(): Promise<void>;
}

/**
 * Loads what `petl-video train` left in a folder.
 *
 * @throws PetlVideoError: data where there is no run in the folder, weights where it has none yet or its backbone is gone or
 *   another, usage for unknown words in the options, environment where the engine or ffmpeg cannot be had
 */
export async function loadRun(folder: string, options: RunOptions = {}): Promise<Run> {
  const { weights = 'last', environment = readEnvironment(process.env), signal } = options;
  const recipe = await recipeOf(folder, weights);
  // Before anything is started or read, which takes a while.
  const words: EngineWords = options;
  engineChoice(engineOptions(recipe), words);
  const { cache, ffmpegPath, searchPath } = environment;
  const ffmpeg = await findFfmpeg({ cache, environmentPath: ffmpegPath, searchPath, signal });
  const loader = openFileLoader(recipe, ffmpeg);
  try {
    const opened = await openRun(folder, weights, words, environment);
    return {
      ...opened,
      classes: opened.metadata.classes,
      loader,
      ffmpeg,
      inTurn: pLimit(1),
      async close() {
        await loader.close();
        opened.session.dispose();
      },
    };
  } catch (thrown) {
    await loader.close();
    throw thrown;
  }
}

/** What a run needs to answer about files that are entries already. */
export type Answering = Pick<Run, 'recipe' | 'model' | 'classes' | 'session' | 'loader' | 'inTurn'>;

/** Decoders for files by their absolute paths, of no split. */
export function openFileLoader(recipe: Recipe, ffmpeg: Ffmpeg): EntryLoader {
  return openLoader(recipe, ffmpeg, { name: 'files', classes: [], root: '/', flip: false, splits: [] }, {});
}
