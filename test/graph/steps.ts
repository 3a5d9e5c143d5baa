/** Training steps at tiny shapes: the graphs that the tests of passes and engines work on. */
import type { StateSpecs, Step } from '../../src/engine/engine.ts';
import type { SwinOptions } from '../../src/model/swin/options.ts';
import type { Classifier } from '../../src/petl/classifier.ts';
import { float32, type HostTensors, scalar, uint8 } from '../../src/tensor/host.ts';
import { initialise } from '../../src/tensor/parameters.ts';
import { applyStep, gradientsStep, optimizerState, trainingState, type UpdateOptions } from '../../src/train/steps.ts';
import { tinySwin } from '../model/swin/tiny-swin.ts';
import { tinyVit } from '../model/tiny-vit.ts';
import { batchInputs, bytesOf, startOf, tinyModel } from '../petl/tiny-model.ts';

export interface StepCase {
  readonly name: string;
  readonly step: Step;
  readonly specs: StateSpecs;
  readonly state: HostTensors;
  readonly inputs: HostTensors;
}

/** 9 tokens, heads of 6 numbers: what is [9, 9] is scores. */
export const smallVit = { ...tinyVit, size: 12, width: 12 };

/** Windows of 9 tokens too, four of them shifted, then one. */
export const smallSwin: SwinOptions = { ...tinySwin, size: 12, window: 3, width: 12 };

const adamw: UpdateOptions = {
  optimizer: { name: 'adamw', betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.05 },
  layerDecay: 0.75,
  clipNorm: 1,
};

/** What comes between the clips and the model. */
function erasedAndMixed(model: Classifier, specs: StateSpecs, state: HostTensors): StepCase {
  const { size } = model.backbone;
  const pixels = 2 * size * size;
  return {
    name: 'gradients of an erased and mixed batch',
    step: gradientsStep(model, { batch: 2, mixes: true, erases: true, clips: 'uint8' }),
    specs,
    state,
    inputs: {
      ...batchInputs(model, bytesOf(model, 6), 0, 2, 0.5),
      erased: uint8(
        [2, size, size],
        Uint8Array.from({ length: pixels }, (_, i) => (i % 5 === 0 ? 1 : 0)),
      ),
      mix: float32([size, size], new Float32Array(size * size).fill(0.3)),
    },
  };
}

/** Forward and backward of methods on a Swin. */
function swinCases(): StepCase[] {
  return (['adaptformer', 'full'] as const).map((method) => {
    // BatchNorm of two clips would leave of the gradient little but rounding.
    const model = tinyModel({ ...smallSwin, dropPath: method === 'full' ? 0.2 : 0 }, method, {}, { batchNorm: false });
    return {
      name: `gradients of ${method} on a Swin`,
      step: gradientsStep(model, { batch: 2, mixes: false, clips: 'uint8' }),
      specs: trainingState(model, adamw),
      state: { ...startOf(model), ...initialise(optimizerState(model, adamw), 3) },
      inputs: batchInputs(model, bytesOf(model, 6), 0, 2, 0.5),
    };
  });
}

/** Forward, backward and update of each method. */
export function stepCases(): StepCase[] {
  return [...vitCases(), ...swinCases()];
}

function vitCases(): StepCase[] {
  return (['adaptformer', 'vpt-deep', 'linear', 'full'] as const).flatMap((method) => {
    const model = tinyModel({ ...smallVit, dropPath: method === 'full' ? 0.2 : 0 }, method);
    const specs = trainingState(model, adamw);
    const state = { ...startOf(model), ...initialise(optimizerState(model, adamw), 3) };
    for (const [name, { data }] of Object.entries(state)) {
      if (!name.startsWith('gradient/')) continue;
      for (let i = 0; i < data.length; i++) data[i] = Math.sin(i + 1) / 10;
    }
    return [
      {
        name: `gradients of ${method}`,
        step: gradientsStep(model, { batch: 2, mixes: false, clips: 'uint8' }),
        specs,
        state,
        inputs: batchInputs(model, bytesOf(model, 6), 0, 2, 0.5),
      },
      ...(method === 'linear' ? [erasedAndMixed(model, specs, state)] : []),
      {
        name: `update of ${method}`,
        step: applyStep(model, adamw),
        specs,
        state,
        inputs: { lr: scalar(0.01), correction1: scalar(0.1), correction2: scalar(0.0316) },
      },
    ];
  });
}
