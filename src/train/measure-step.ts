/** How long a step takes on an engine: the steps of a run, over random weights and random clips. */
import type { CompiledStep, Engine, Session } from '../engine/engine.ts';
import { evaluateStep, evaluationState } from '../eval/step.ts';
import type { Classifier } from '../petl/classifier.ts';
import { float32, type HostTensor, type HostTensors, scalar, sizeOf, uint8 } from '../tensor/host.ts';
import { initialise } from '../tensor/parameters.ts';
import { rng } from '../tensor/random.ts';
import { FIRST_LOSS_SCALE } from './loss-scale.ts';
import { drawNoise } from './noise.ts';
import { optimizer } from './optimizer.ts';
import { applyStep, gradientsStep, trainingState, type UpdateOptions } from './steps.ts';
import { targetProbabilities } from './targets.ts';

export interface MeasureOptions {
  /** `train`: gradients and update; `forward`: the evaluation of a batch. */
  readonly mode: 'train' | 'forward';
  readonly batch: number;
  readonly update: UpdateOptions;
  /** Whether the loss is scaled, as float16 needs it. */
  readonly scaled: boolean;
  /** Timed steps of a round. */
  readonly steps: number;
  readonly rounds: number;
  readonly signal?: AbortSignal;
  /** Timed steps so far. */
  readonly onStep?: (done: number) => void;
}

export interface Measured {
  /** Seconds of each step, by round. */
  readonly rounds: readonly (readonly number[])[];
  /** From the step as written to what the engine is given. */
  readonly traceSeconds: number;
  /** The first run, in which engines compile. */
  readonly compileSeconds: number;
  /** Of the last step; NaN in `forward`. */
  readonly loss: number;
}

const SEED = 0;
/** Runs between the first one and the timed ones. */
const WARM_UP = 1;

/** @throws the signal's reason when it aborts, between two steps */
export async function measureStep(model: Classifier, engine: Engine, options: MeasureOptions): Promise<Measured> {
  const { mode, update, steps, rounds, signal, onStep } = options;
  const session = await engine.open(mode === 'train' ? trainingState(model, update) : evaluationState(model));
  try {
    const started = performance.now();
    const step = await (mode === 'train' ? trainingOf(session, model, options) : forwardOf(session, model, options));
    const traceSeconds = secondsSince(started);
    await loadRandom(session, model);
    const compileSeconds = (await timed(step)).seconds;
    let done = 0;
    let loss = Number.NaN;
    const next = async (): Promise<number> => {
      signal?.throwIfAborted();
      const ran = await timed(step);
      loss = ran.loss;
      return ran.seconds;
    };
    for (let i = 0; i < WARM_UP; i++) await next();
    const taken: number[][] = [];
    for (let round = 0; round < rounds; round++) {
      const seconds: number[] = [];
      for (let i = 0; i < steps; i++) {
        seconds.push(await next());
        onStep?.(++done);
      }
      taken.push(seconds);
    }
    return { rounds: taken, traceSeconds, compileSeconds, loss };
  } finally {
    session.dispose();
  }
}

/** A step from its inputs on the host to its results there. @returns the loss */
type Once = () => Promise<number>;

const secondsSince = (start: number): number => (performance.now() - start) / 1000;

async function timed(once: Once): Promise<{ seconds: number; loss: number }> {
  const start = performance.now();
  const loss = await once();
  return { seconds: secondsSince(start), loss };
}

/** One tensor after the other: the host never holds the model twice. */
async function loadRandom(session: Session, model: Classifier): Promise<void> {
  for (const spec of [...model.frozen, ...model.trained, ...model.buffers]) {
    await session.load(initialise([spec], SEED));
  }
}

async function forwardOf(session: Session, model: Classifier, { batch }: MeasureOptions): Promise<Once> {
  const step = await session.compile(evaluateStep(model, batch));
  const inputs = { clips: randomClips(model, batch) };
  return async () => {
    await step.run(inputs);
    return Number.NaN;
  };
}

async function trainingOf(session: Session, model: Classifier, options: MeasureOptions): Promise<Once> {
  const { batch, update, scaled } = options;
  const { classes } = model.head;
  const gradients = await session.compile(gradientsStep(model, { batch, mixes: false, clips: 'uint8', scaled }));
  const apply: CompiledStep = await session.compile(applyStep(model, update));
  const rule = optimizer(update.optimizer);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const { scale } = FIRST_LOSS_SCALE;
  const inputs: HostTensors = {
    clips: randomClips(model, batch),
    targets: float32([batch, classes], targetProbabilities(labels, classes, 0)),
    share: scalar(scaled ? 1 / scale : 1),
    ...(scaled ? { scale: scalar(scale) } : {}),
    ...drawNoise(model.noise, batch, SEED, 0, 0),
  };
  let t = 0;
  return async () => {
    const { loss } = await gradients.run(inputs);
    const scalars = Object.entries(rule.scalars(++t)).map(([name, value]) => [name, scalar(value)]);
    // A rate of zero: the numbers stay in bounds however many steps are timed, and cost the same.
    await apply.run({ lr: scalar(0), ...Object.fromEntries(scalars) });
    return (loss as HostTensor).data[0] as number;
  };
}

function randomClips({ backbone: { frames, size } }: Classifier, batch: number): HostTensor {
  const shape = [batch, frames, size, size, 3];
  const random = rng(SEED, 'clips');
  return uint8(
    shape,
    Uint8Array.from({ length: sizeOf(shape) }, () => random.integer(256)),
  );
}
