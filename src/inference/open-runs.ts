/** A run's recipe, model and tuned weights, on an engine. */
import path from 'node:path';
import { buildModel, parseRecipe, type Recipe } from '../config/index.ts';
import { chooseEngine, describeEngine } from '../engine/choose.ts';
import type { Session } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/options.ts';
import { codeOf, usageError, weightsError } from '../errors/index.ts';
import { severalOverOne } from '../eval/several.ts';
import { evaluationState } from '../eval/step.ts';
import type { Classifier } from '../petl/classifier.ts';
import { startingValues, startingValuesFrom } from '../petl/starting-values.ts';
import { readTunedMetadata, readTunedWeights, type TunedMetadata } from '../petl/tuned-weights.ts';
import type { Environment } from '../setup/environment.ts';
import type { HostTensors } from '../tensor/host.ts';
import { BEST_FILE, CONFIG_FILE, readRunRecipe, TUNED_FILE } from '../train/run-folder.ts';
import { type EngineWords, engineChoice } from './engine-choice.ts';
import { engineOptions } from './from-recipe.ts';

/** A run as its files tell it, without an engine. */
export interface ReadRun {
  readonly recipe: Recipe;
  readonly model: Classifier;
  readonly metadata: TunedMetadata;
  /** `last weights, epoch 90`. */
  readonly weights: string;
  /** All of the model's, by name: the backbone's from its weights file, the others as the run tuned them. */
  readonly tensors: HostTensors;
}

export interface OpenRun extends Omit<ReadRun, 'tensors'> {
  /** Holds the weights; the caller disposes it. */
  readonly session: Session;
  /** The engine, its device, and why that. */
  readonly engine: string;
}

/**
 * @param which `last` or `best`
 * @param given engine, device and precision go before the recipe's
 */
export async function openRun(
  folder: string,
  which: string,
  given: EngineWords,
  environment: Environment,
): Promise<OpenRun> {
  const recipe = await recipeOf(folder, which);
  const choice = evaluationEngine(recipe, given);
  const { tensors, ...run } = await readRun(folder, which);
  const chosen = await chooseEngine(choice, environment);
  const session = await chosen.engine.open(evaluationState(run.model));
  await session.load(tensors);
  return { ...run, session, engine: describeEngine(chosen) };
}

export interface OpenRuns {
  /** In the order asked for; those over one backbone share a session. */
  readonly runs: readonly (OpenRun & { readonly folder: string })[];
  dispose(): void;
}

/**
 * Several runs. Those that stand on one backbone (same weights file, same shape of clips) read it once and keep it on the device
 * once: from one to the other only the tuned tensors change.
 */
export async function openRuns(
  folders: readonly string[],
  which: string,
  given: EngineWords,
  environment: Environment,
): Promise<OpenRuns> {
  const groups = new Map<string, { folder: string; run: ReadRun }[]>();
  for (const folder of folders) {
    const recipe = await recipeOf(folder, which);
    // Before the backbone is read, which takes a while.
    evaluationEngine(recipe, given);
    const key = backboneKey(recipe);
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({
      folder,
      run: await readRun(
        folder,
        which,
        group.map(({ run }) => run),
      ),
    });
  }
  const loaded = new Map<string, OpenRun & { folder: string }>();
  const sessions: Session[] = [];
  const dispose = (): void => {
    for (const session of sessions) session.dispose();
  };
  try {
    for (const group of groups.values()) {
      const [first] = group as [{ folder: string; run: ReadRun }];
      const chosen = await chooseEngine(evaluationEngine(first.run.recipe, given), environment);
      const { models, state, tensors } = severalOverOne(group.map(({ run }) => run));
      const session = await chosen.engine.open(state);
      sessions.push(session);
      await session.load(tensors);
      group.forEach(({ folder, run: { tensors: _, ...run } }, k) => {
        const model = models[k] as Classifier;
        loaded.set(folder, { ...run, folder, model, session, engine: describeEngine(chosen) });
      });
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return { runs: folders.map((folder) => loaded.get(folder) as OpenRun & { folder: string }), dispose };
}

/** The engine that is asked for; nothing is differentiated on it. @throws PetlVideoError (usage) for unknown names */
const evaluationEngine = (recipe: Recipe, given: EngineWords): EngineOptions =>
  engineChoice({ ...engineOptions(recipe), recompute: false }, given);

/** Recipes of one key have one backbone in one form: what of it is frozen depends on the method. */
function backboneKey({ backbone, data, train, engine }: Recipe): string {
  const { frames, size, normalize } = data;
  const seed = backbone.weights === 'random' ? train.seed : 0;
  return JSON.stringify({ ...backbone, dropPath: 0, frames, size, normalize, seed, engine });
}

/**
 * @param which `last` or `best`
 * @param beside runs over the same backbone, of which frozen tensors are taken in place of reading the file again
 */
export async function readRun(folder: string, which: string, beside: readonly ReadRun[] = []): Promise<ReadRun> {
  const recipe = await recipeOf(folder, which);
  const file = path.join(folder, which === 'last' ? TUNED_FILE : BEST_FILE);
  const classes = (await readMetadata(folder, file, which)).classes.length;
  const model = buildModel(recipe, classes);
  const { tensors, metadata } = await readTunedWeights(file, [...model.trained, ...model.buffers]);
  const start =
    beside.map((other) => startingValuesFrom(model, other.model, other.tensors)).find((found) => found !== undefined) ??
    (await startingValues(model, recipe.backbone.weights, recipe.train.seed));
  if (start.backbone !== metadata.backbone) {
    throw weightsError('the tuned weights were trained over another backbone', {
      at: `${file}, backbone ${recipe.backbone.weights}`,
      remedy: `put the original weights file back; its fingerprint was ${metadata.backbone.slice(0, 16)}…`,
    });
  }
  const weights = `${which} weights, epoch ${metadata.training.epoch}`;
  return { recipe, model, metadata, weights, tensors: { ...start.tensors, ...tensors } };
}

export async function recipeOf(folder: string, which: string): Promise<Recipe> {
  if (which !== 'last' && which !== 'best') throw usageError(`--weights ${which}: choose last or best`);
  return parseRecipe(await readRunRecipe(folder), { file: path.join(folder, CONFIG_FILE) });
}

async function readMetadata(folder: string, file: string, which: string): Promise<TunedMetadata> {
  try {
    return await readTunedMetadata(file);
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error.cause) !== 'ENOENT') throw error;
    const since = which === 'last' ? 'finished an epoch' : 'been validated';
    throw weightsError(`no tuned weights yet: the run has not ${since}`, {
      at: file,
      remedy: `train at least one epoch: petl-video train --resume ${folder}`,
      cause: error,
    });
  }
}
