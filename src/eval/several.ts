/** Several classifiers over one frozen backbone, in one session: the backbone lies on the device once, whoever is asked. */
import type { StateSpecs } from '../engine/engine.ts';
import type { Classifier } from '../petl/classifier.ts';
import { underPrefix } from '../petl/under-prefix.ts';
import type { HostTensors } from '../tensor/host.ts';
import { evaluationState } from './step.ts';

export interface Member {
  readonly model: Classifier;
  /** All tensors of the model, by name. */
  readonly tensors: HostTensors;
}

export interface Several {
  /** The members, to be run in the one session; in the order given. */
  readonly models: readonly Classifier[];
  readonly state: StateSpecs;
  /** What to load into the session. */
  readonly tensors: HostTensors;
}

/** @param members classifiers whose frozen tensors of one name are equal */
export function severalOverOne(members: readonly Member[]): Several {
  const state: Record<string, StateSpecs[string]> = {};
  const tensors: HostTensors = {};
  const models = members.map(({ model, tensors: own }, k) => {
    const prefix = `run ${k}: `;
    const renamed = underPrefix(model, prefix);
    Object.assign(state, evaluationState(renamed));
    for (const name of Object.keys(evaluationState(renamed))) {
      const tensor = own[name.startsWith(prefix) ? name.slice(prefix.length) : name];
      if (tensor !== undefined) tensors[name] = tensor;
    }
    return renamed;
  });
  return { models, state, tensors };
}
