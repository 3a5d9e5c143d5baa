/**
 * Runs a golden case the way a run would: checkpoint through the importer, forward, backward and the optimizer through the
 * training steps of an engine; and compares every tensor with what the original computed.
 */
import type { Engine } from '../../engine/engine.ts';
import type { Precision } from '../../engine/options.ts';
import { type Classifier, classifier } from '../../petl/classifier.ts';
import { methodOf } from '../../petl/index.ts';
import { countParameters } from '../../tensor/parameters.ts';
import { type CaseData, readCaseData } from './case-data.ts';
import { type Comparison, compareExactly, compareRelatively, compareWithSpread, largestMagnitude } from './compare.ts';
import { type GoldenCase, readGoldenCase } from './golden-case.ts';
import { readModuleCase, runModuleCase } from './module-case.ts';
import { runTrajectory, type Trajectory } from './trajectory.ts';

/** Random runs that stand for the original's dropout. */
const RANDOM_RUNS = 32;

export interface FolderResult {
  readonly name: string;
  /** Keys of case.json that nothing here reads. */
  readonly ignored: readonly string[];
  readonly comparisons: readonly Comparison[];
}

/**
 * A folder's case, of a whole model or of a module.
 * @throws PetlVideoError (data, weights) when it is no case, or not of this model
 */
export async function runFolder(folder: string, engine: Engine, precision: Precision = 'fp32'): Promise<FolderResult> {
  const module = await readModuleCase(folder);
  if (module !== undefined) {
    const { name, ignored } = module;
    return { name, ignored, comparisons: precision === 'fp32' ? await runModuleCase(module, engine) : [] };
  }
  const golden = await readGoldenCase(folder);
  const { name, ignored } = golden;
  return { name, ignored, comparisons: await runCase(golden, engine, precision) };
}

/**
 * @param precision what the engine computes products in. Under one lower than fp32 a single gradient says little, so that
 *   the losses of the steps are compared, which hold all of them
 * @throws PetlVideoError (weights) when the checkpoint does not hold exactly this model
 */
export async function runCase(
  golden: GoldenCase,
  engine: Engine,
  precision: Precision = 'fp32',
): Promise<Comparison[]> {
  const model = modelOf(golden, {});
  const data = await readCaseData(golden, model);
  const scaled = precision === 'fp16';
  const trajectory = await runTrajectory(golden, model, data, engine, scaled, 0);
  const compared =
    precision === 'fp32'
      ? compareCase(golden, model, data, trajectory)
      : [compareRelatively(lossesOf(data), trajectory.losses, data.losses)];
  const dropout = golden.hiddenDropout;
  if (dropout === undefined || compared.every(({ within }) => within)) return compared;

  // The original trains with dropout whatever the case says. Its masks are not recorded, so that training can only be
  // held against the spread of such masks; what does not depend on them stays exact.
  const random = modelOf(golden, { dropout });
  const runs: Trajectory[] = [];
  for (let seed = 1; seed <= RANDOM_RUNS; seed++) {
    runs.push(await runTrajectory(golden, random, data, engine, scaled, seed));
  }
  return compared.map((comparison) => {
    const { tensor } = comparison;
    if (/^losses/.test(tensor))
      return compareWithSpread(
        tensor,
        runs.map(({ losses }) => losses),
        data.losses,
      );
    const theirs = data.expected.get(tensor);
    if (theirs === undefined || !/^(logits_train|grad\.|after\.)/.test(tensor)) return comparison;
    return compareWithSpread(
      tensor,
      runs.flatMap(({ tensors }) => tensors.get(tensor)?.data ?? []),
      theirs.data,
    );
  });
}

function modelOf({ vit, method, classes, batchNorm }: GoldenCase, more: Readonly<Record<string, unknown>>): Classifier {
  const attached = methodOf(method.name).attach(vit, { ...method.options, ...more });
  return classifier(vit, attached, { classes, batchNorm, dropout: 0, initStd: 0 });
}

function compareCase(
  { trainedParameters }: GoldenCase,
  model: Classifier,
  { expected, losses, surplus }: CaseData,
  trajectory: Trajectory,
): Comparison[] {
  // A gradient may be zero by definition (BatchNorm takes out what fc_norm adds or scales), so that both programs hold
  // rounding noise; gradients are therefore measured against the largest of them all, and parameters likewise.
  const group = (prefix: string): number =>
    largestMagnitude([...expected].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [tensor] : [])));
  const magnitudes = { grad: group('grad.'), after: group('after.') };
  const compare = (name: string): Comparison => {
    const [mine, theirs] = [trajectory.tensors.get(name), expected.get(name)];
    const kind = /^(grad|after)\./.exec(name)?.[1] as 'grad' | 'after' | undefined;
    const magnitude = kind === undefined ? largestMagnitude(theirs === undefined ? [] : [theirs]) : magnitudes[kind];
    return compareExactly(name, mine?.data, theirs?.data, magnitude);
  };
  const count = countParameters(model.trained);
  return [
    ...['logits_eval', 'features', 'logits_train'].map(compare),
    compareExactly(lossesOf({ losses }), trajectory.losses, losses, 1),
    ...[...trajectory.tensors.keys()].filter((name) => name.startsWith('grad.')).map(compare),
    ...[...trajectory.tensors.keys()].filter((name) => name.startsWith('after.')).map(compare),
    ...surplus.map((name) => compareExactly(name, undefined, undefined, 1)),
    ...(trainedParameters === undefined ? [] : [compareExactly('trained parameters', [count], [trainedParameters], 0)]),
  ];
}

const lossesOf = ({ losses }: Pick<CaseData, 'losses'>): string => `losses of ${losses.length} steps`;
