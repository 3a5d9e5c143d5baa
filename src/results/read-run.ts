/** A run as its folder tells it: no engine, no video, and no weights are read but for their metadata. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseRecipe, type Recipe } from '../config/index.ts';
import { readDataset } from '../data/read-dataset.ts';
import { codeOf, dataError, isDataError } from '../errors/index.ts';
import { readTunedMetadata, type TunedMetadata } from '../petl/tuned-weights.ts';
import { type RunEnvironment, readEnvironment } from '../train/environment.ts';
import { type MetricsLine, readMetrics } from '../train/metrics.ts';
import { CONFIG_FILE, readRunRecipe, TUNED_FILE } from '../train/run-folder.ts';
import { EVALUATION_FILE, type EvaluationFile, readEvaluation } from './evaluation.ts';
import { isRight, PREDICTIONS_FILE, type PredictionLine, readPredictions } from './predictions.ts';
import { type TrainedParameters, trainedParameters } from './trained-parameters.ts';

export interface RunResults {
  /** As it was given. */
  readonly folder: string;
  /** Of the folder: what tells runs of one recipe apart. */
  readonly name: string;
  readonly recipe: Recipe;
  /** config.yaml. */
  readonly recipeText: string;
  /** Empty before the first line. */
  readonly metrics: readonly MetricsLine[];
  /** What `evaluate` found; both or none. */
  readonly evaluation?: EvaluationFile;
  readonly predictions?: readonly PredictionLine[];
  /** Of tuned.safetensors; absent before the first whole epoch. */
  readonly metadata?: TunedMetadata;
  /** Label → class name; empty where neither an epoch was trained nor the data set is there. */
  readonly classes: readonly string[];
  /** Absent where the number of classes is not known. */
  readonly parameters?: TrainedParameters;
  /** Absent in runs of earlier versions. */
  readonly environment?: RunEnvironment;
}

/** A run that was measured. */
export type EvaluatedRun = RunResults & Required<Pick<RunResults, 'evaluation' | 'predictions'>>;

/**
 * @throws PetlVideoError (data) where there is no run in the folder, and where what `evaluate` left is damaged or only half
 *   there; (config) for a recipe that is faulty
 */
export async function readResults(folder: string): Promise<RunResults> {
  const recipeText = await readRunRecipe(folder);
  const recipe = parseRecipe(recipeText, { file: path.join(folder, CONFIG_FILE) });
  const metadata = await readMetadata(folder);
  const classes = metadata?.classes ?? (await classesOf(recipe));
  const environment = await readEnvironment(folder);
  return {
    folder,
    name: path.basename(path.resolve(folder)),
    recipe,
    recipeText,
    metrics: await readMetrics(folder),
    ...(await readMeasured(folder, classes)),
    ...(metadata === undefined ? {} : { metadata }),
    classes,
    ...(classes.length === 0 ? {} : { parameters: trainedParameters(recipe, classes.length) }),
    ...(environment === undefined ? {} : { environment }),
  };
}

export function isEvaluated(run: RunResults): run is EvaluatedRun {
  return run.evaluation !== undefined && run.predictions !== undefined;
}

/** @throws PetlVideoError (data) for a run that was not measured, with the command that measures it */
export function requireEvaluated(run: RunResults): EvaluatedRun {
  if (isEvaluated(run)) return run;
  throw dataError('the run has not been evaluated', { at: run.folder, remedy: evaluateAgain(run.folder) });
}

async function readMetadata(folder: string): Promise<TunedMetadata | undefined> {
  try {
    return await readTunedMetadata(path.join(folder, TUNED_FILE));
  } catch (error) {
    if (error instanceof Error && codeOf(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Of a run that has not finished an epoch. */
async function classesOf(recipe: Recipe): Promise<readonly string[]> {
  try {
    return (await readDataset(recipe.data.path)).classes;
  } catch (error) {
    if (isDataError(error)) return [];
    throw error;
  }
}

const evaluateAgain = (folder: string): string => `measure it: petl-video evaluate ${folder}`;

async function readMeasured(
  folder: string,
  classes: readonly string[],
): Promise<Pick<RunResults, 'evaluation' | 'predictions'>> {
  const files = [EVALUATION_FILE, PREDICTIONS_FILE].map((name) => path.join(folder, name)) as [string, string];
  const [there, also] = await Promise.all(files.map(isFile));
  if (!there && !also) return {};
  const fault = (what: string, at: string) => dataError(what, { at, remedy: evaluateAgain(folder) });
  if (!there || !also) {
    throw fault(`${there ? PREDICTIONS_FILE : EVALUATION_FILE} is missing beside the other`, folder);
  }
  const evaluation = await readEvaluation(files[0]);
  const predictions = await readPredictions(files[1]);
  const right = predictions.filter(isRight).length;
  if (predictions.length !== evaluation.counted || Math.abs(right - evaluation.top1 * evaluation.counted) > 0.5) {
    throw fault(`${PREDICTIONS_FILE} and ${EVALUATION_FILE} are not of the same evaluation`, folder);
  }
  const stranger = predictions.find(({ label, class: name }) => classes[label] !== name);
  if (stranger !== undefined) throw fault(`${stranger.id} has a class that the run does not know`, files[1]);
  return { evaluation, predictions };
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}
