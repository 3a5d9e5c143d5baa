/** `petl-video bench step`: how fast a recipe's step runs on an engine, with random weights and clips. */
import { buildModel, loadRecipe, type Recipe } from '../src/config/index.ts';
import { readDataset } from '../src/data/read-dataset.ts';
import { chooseEngine, describeEngine } from '../src/engine/choose.ts';
import type { Step } from '../src/engine/engine.ts';
import { isDataError, usageError } from '../src/errors/index.ts';
import { evaluateStep, evaluationState } from '../src/eval/step.ts';
import { traceStep } from '../src/graph/trace.ts';
import { usefulWork } from '../src/graph/useful-work.ts';
import { engineChoice } from '../src/inference/engine-choice.ts';
import { engineOptions } from '../src/inference/from-recipe.ts';
import { type BlockShape, blockShapes, blockTokens } from '../src/model/backbone.ts';
import type { Classifier } from '../src/petl/classifier.ts';
import { measureStep } from '../src/train/measure-step.ts';
import { gradientsStep, trainingState, type UpdateOptions } from '../src/train/steps.ts';
import { updateOptions } from './assemble.ts';
import { PRESET_NAMES, presetRecipe } from './bench-presets.ts';
import type { Command, Options } from './command.ts';
import { engineFlags } from './engine-choice.ts';
import { peakMemory } from './peak-memory.ts';

/** Kinetics-400; what the head's size costs is not to be measured. */
const CLASSES = 400;

export const benchStep: Command = {
  name: 'bench step',
  summary: 'Time the step of a recipe on an engine; needs no data set and no weights',
  arguments: [
    { name: '<recipe>', description: `a YAML recipe, or a preset: ${PRESET_NAMES.join(', ')}` },
    { name: '[overrides...]', description: 'changes to it, path=value' },
  ],
  options: [
    ...engineFlags('engine of the recipe'),
    { flags: '--batch <n>', description: 'clips of a step (default: train.batch × data.repeats of the recipe)' },
    { flags: '--mode <mode>', description: 'train: gradients and update; forward: evaluation', default: 'train' },
    { flags: '--steps <n>', description: 'timed steps of a round', default: '10' },
    { flags: '--rounds <n>', description: 'rounds', default: '1' },
    { flags: '--classes <n>', description: `classes (default: those of the data set, else ${CLASSES})` },
  ],
  examples: [
    'petl-video bench step vit-b-16x224',
    'petl-video bench step vit-s-8x112 --engine onnxruntime --mode forward --json',
    'petl-video bench step configs/hmdb51/adaptformer-vit-b.yaml --batch 4 --precision bf16 train.recompute=true',
  ],
  async run([name, overrides], options, { environment, reporter, signal }) {
    const { mode } = options;
    if (mode !== 'train' && mode !== 'forward') throw usageError(`--mode ${mode}: choose train or forward`);
    const [steps, rounds] = [countOf('steps', options, 1), countOf('rounds', options, 1)];
    const recipe = await recipeOf(name as string, overrides as readonly string[]);
    const batch = countOf('batch', options, recipe.train.batch * recipe.data.repeats);
    const model = buildModel(recipe, countOf('classes', options, await classesOf(recipe)));
    const update = updateOptions(recipe);
    const asked = engineOptions(recipe);
    const chosen = await chooseEngine(
      engineChoice(mode === 'train' ? asked : { ...asked, recompute: false }, options),
      environment,
    );
    reporter.note(describeEngine(chosen));
    const scaled = chosen.options.precision === 'fp16';
    const progress = reporter.progress(mode, steps * rounds);
    const measured = await measureStep(model, chosen.engine, {
      mode,
      batch,
      update,
      scaled,
      steps,
      rounds,
      signal,
      onStep: (done) => progress.update(done),
    }).finally(() => progress.end());
    const peak = await peakMemory();
    const work = await workOf(mode, model, batch, update);

    const seconds = measured.rounds.flat();
    const [middle, least] = [median(seconds), Math.min(...seconds)];
    const { engine, options: taken } = chosen;
    const result = {
      recipe: recipe.name,
      mode,
      engine: engine.name,
      device: taken.device,
      runtime: engine.device,
      precision: taken.precision,
      xla: taken.xla,
      threads: taken.threads,
      recompute: taken.recompute,
      batch,
      classes: model.head.classes,
      tokens: blockTokens(blockShapes(model.backbone)[0] as BlockShape),
      steps,
      secondsPerStep: { median: middle, min: least, roundMedians: measured.rounds.map(median) },
      clipsPerSecond: batch / middle,
      peakMemoryBytes: peak,
      traceSeconds: measured.traceSeconds,
      compileSeconds: measured.compileSeconds,
      usefulGflop: work / 1e9,
      gflopPerSecond: work / 1e9 / middle,
      loss: mode === 'train' ? measured.loss : null,
    };
    reporter.result(textOf(result), result);
  },
};

async function recipeOf(name: string, overrides: readonly string[]): Promise<Recipe> {
  return presetRecipe(name, overrides) ?? loadRecipe(name, overrides);
}

function countOf(option: string, options: Options, otherwise: number): number {
  const given = options[option];
  if (given === undefined) return otherwise;
  const count = Number(given);
  if (!Number.isInteger(count) || count < 1) throw usageError(`--${option} ${given}: give a number from 1`);
  return count;
}

/** Of the prepared data set, where it is there. */
async function classesOf({ data }: Recipe): Promise<number> {
  try {
    return (await readDataset(data.path)).classes.length;
  } catch (error) {
    if (isDataError(error)) return CLASSES;
    throw error;
  }
}

/** Of the gradients alone: an update has no products. */
async function workOf(
  mode: 'train' | 'forward',
  model: Classifier,
  batch: number,
  update: UpdateOptions,
): Promise<number> {
  const step: Step =
    mode === 'train' ? gradientsStep(model, { batch, mixes: false, clips: 'uint8' }) : evaluateStep(model, batch);
  return usefulWork(await traceStep(step, mode === 'train' ? trainingState(model, update) : evaluationState(model)));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}

interface Result {
  readonly mode: string;
  readonly batch: number;
  readonly tokens: number;
  readonly secondsPerStep: { readonly median: number; readonly min: number };
  readonly clipsPerSecond: number;
  readonly peakMemoryBytes: number;
  readonly traceSeconds: number;
  readonly compileSeconds: number;
  readonly usefulGflop: number;
  readonly gflopPerSecond: number;
}

function textOf(result: Result): string {
  const { secondsPerStep, clipsPerSecond, peakMemoryBytes, traceSeconds, compileSeconds } = result;
  return [
    `${result.mode}, ${result.batch} clips of ${result.tokens} tokens`,
    `step      ${secondsPerStep.median.toPrecision(3)} s (median; least ${secondsPerStep.min.toPrecision(3)} s)`,
    `speed     ${clipsPerSecond.toPrecision(3)} clips/s`,
    `work      ${result.usefulGflop.toPrecision(4)} GFLOP a step, ${result.gflopPerSecond.toPrecision(4)} GFLOP/s`,
    `memory    ${(peakMemoryBytes / 2 ** 30).toFixed(2)} GiB at most`,
    `start     trace ${traceSeconds.toFixed(2)} s, first run ${compileSeconds.toFixed(2)} s`,
  ].join('\n');
}
