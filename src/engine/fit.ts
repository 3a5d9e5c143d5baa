/** Whether tensors fit what a step or a session says of them. */
import { type HostTensors, sizeOf, type TensorSpec, type TensorSpecs } from '../tensor/host.ts';
import type { Step } from './engine.ts';

/** @throws TypeError that names the tensor, what it is and what was expected */
export function checkFit(where: string, specs: TensorSpecs, tensors: HostTensors): void {
  for (const [name, { shape, dtype, data }] of Object.entries(tensors)) {
    const spec: TensorSpec | undefined = specs[name];
    if (spec === undefined) throw new TypeError(`${where}: ${name} is not in its specification`);
    if (`${shape}` !== `${spec.shape}` || dtype !== spec.dtype || data.length !== sizeOf(shape)) {
      throw new TypeError(
        `${where}: ${name} is ${dtype} [${shape}] with ${data.length} elements, expected ${spec.dtype} [${spec.shape}]`,
      );
    }
  }
}

/** @throws TypeError for inputs that do not fit the step's, one too many or one too few */
export function checkInputs(step: Pick<Step, 'name' | 'inputs'>, inputs: HostTensors): void {
  checkFit(`step ${step.name}`, step.inputs, inputs);
  for (const name of Object.keys(step.inputs)) {
    if (!(name in inputs)) throw new TypeError(`step ${step.name}: input ${name} is not given`);
  }
}
