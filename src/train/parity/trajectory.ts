/** The steps of a golden case on an engine: the same steps that a run takes. */
import type { Engine } from '../../engine/engine.ts';
import { evaluateStep } from '../../eval/step.ts';
import type { Classifier } from '../../petl/classifier.ts';
import { float32, type HostTensor, type HostTensors, scalar } from '../../tensor/host.ts';
import { FIRST_LOSS_SCALE, LEAST_LOSS_SCALE, nextLossScale } from '../loss-scale.ts';
import { drawNoise } from '../noise.ts';
import { optimizer } from '../optimizer.ts';
import { applyStep, discardStep, gradientsStep, trainingState, type UpdateOptions } from '../steps.ts';
import { targetProbabilities } from '../targets.ts';
import type { CaseData } from './case-data.ts';
import type { GoldenCase } from './golden-case.ts';

export interface Trajectory {
  /** Named as in `CaseData.expected`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly losses: readonly number[];
}

/**
 * @param scaled whether the loss is scaled, for engines that compute in float16
 * @param seed names the random masks of methods that have them
 */
export async function runTrajectory(
  golden: GoldenCase,
  model: Classifier,
  { start, clips, labels }: CaseData,
  engine: Engine,
  scaled: boolean,
  seed: number,
): Promise<Trajectory> {
  const update: UpdateOptions = { optimizer: golden.optimizer, layerDecay: 1, clipNorm: 0 };
  const batch = labels.length;
  const names = model.trained.map(({ name }) => name);
  const session = await engine.open(trainingState(model, update));
  try {
    await session.load(start);
    const evaluation = await (await session.compile(evaluateStep(model, batch, 'float32'))).run({ clips });
    const gradients = await session.compile(gradientsStep(model, { batch, mixes: false, clips: 'float32', scaled }));
    const apply = await session.compile(applyStep(model, update));
    const discard = scaled ? await session.compile(discardStep(model)) : undefined;
    const rule = optimizer(golden.optimizer);
    const targets = float32([batch, golden.classes], targetProbabilities(labels, golden.classes, 0));

    const tensors = new Map<string, HostTensor>();
    tensors.set('logits_eval', evaluation.logits as HostTensor);
    tensors.set('features', evaluation.features as HostTensor);
    const losses: number[] = [];
    let lossScale = FIRST_LOSS_SCALE;
    for (let t = 1; t <= golden.steps; t++) {
      const noise = drawNoise(model.noise, batch, seed, 0, t);
      const once = (): Promise<HostTensors> => {
        const { scale } = lossScale;
        const how: HostTensors = scaled ? { share: scalar(1 / scale), scale: scalar(scale) } : { share: scalar(1) };
        return gradients.run({ clips, targets, ...how, ...noise });
      };
      let outputs = await once();
      // Training would leave the update out; here each has its counterpart, and the running statistics play no part.
      while (discard !== undefined && lossScale.scale > LEAST_LOSS_SCALE && overflows(outputs)) {
        await discard.run({});
        lossScale = nextLossScale(lossScale, false);
        outputs = await once();
      }
      const { loss, logits } = outputs;
      losses.push((loss as HostTensor).data[0] as number);
      if (t === 1) {
        tensors.set('logits_train', logits as HostTensor);
        const read = await session.read(names.map((name) => `gradient/${name}`));
        for (const name of names) tensors.set(`grad.${name}`, read[`gradient/${name}`] as HostTensor);
      }
      const scalars = Object.entries(rule.scalars(t)).map(([name, value]) => [name, scalar(value)]);
      await apply.run({ lr: scalar(golden.lr), ...Object.fromEntries(scalars) });
    }
    for (const [name, tensor] of Object.entries(await session.read(names))) tensors.set(`after.${name}`, tensor);
    return { tensors, losses };
  } finally {
    session.dispose();
  }
}

function overflows({ magnitude }: HostTensors): boolean {
  return !Number.isFinite((magnitude as HostTensor).data[0]);
}
