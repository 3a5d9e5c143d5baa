/** Finding the tensors in what a torch checkpoint holds, and saying in words what else is there. */
import { weightsError } from '../errors/index.ts';
import { isInert } from './pickle.ts';
import { isTorchTensor, type TorchTensor } from './torch-world.ts';

export interface TorchState {
  readonly path: readonly string[];
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** Numbers and texts beside the tensors (`epoch`, `args.model`, …). */
  readonly metadata: ReadonlyMap<string, string>;
  readonly inert: readonly string[];
}

/** `model`: most repositories; `module`: DeepSpeed; `state_dict`: Lightning and mmaction. */
const CONTAINERS = ['model', 'module', 'state_dict'];
const DEEPEST = 3;

/** @throws weights error when there is no dictionary of tensors, or a Python object where a tensor should be */
export function selectState(value: unknown, file: string): TorchState {
  const metadata = new Map<string, string>();
  const inert = new Set<string>();
  const path: string[] = [];
  let dict = value;
  while (dict instanceof Map && path.length < DEEPEST) {
    const inner: Map<unknown, unknown> = dict;
    const key = CONTAINERS.find((name) => inner.get(name) instanceof Map || isInert(inner.get(name)));
    if (key === undefined) break;
    for (const [name, other] of inner) if (name !== key) describe(String(name), other, metadata, inert);
    path.push(key);
    dict = inner.get(key);
  }
  if (isInert(dict)) throw wholeObject(dict.global, file);
  const tensors = dict instanceof Map ? tensorsOf(dict, metadata, inert, file) : new Map<string, TorchTensor>();
  if (tensors.size === 0) {
    const keys = value instanceof Map ? [...value.keys()].slice(0, 8).map(String).join(', ') : '';
    throw weightsError(`the checkpoint holds no tensors by name${keys === '' ? '' : `; its keys are ${keys}`}`, {
      at: file,
      remedy: "save the model's state dict: torch.save({'model': model.state_dict()}, file)",
    });
  }
  return { path, tensors, metadata, inert: [...inert].sort() };
}

function tensorsOf(
  dict: ReadonlyMap<unknown, unknown>,
  metadata: Map<string, string>,
  inert: Set<string>,
  file: string,
): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  const objects: [string, string][] = [];
  for (const [key, value] of dict) {
    const name = String(key);
    if (isTorchTensor(value)) tensors.set(name, value);
    else if (isInert(value)) objects.push([name, value.global]);
    else describe(name, value, metadata, inert);
  }
  const [first] = objects;
  if (first === undefined) return tensors;
  const [name, global] = first;
  if (tensors.size === 0) throw wholeObject(global, file);
  throw weightsError(`'${name}' is the Python object ${global}, not a tensor that can be read; nothing was executed`, {
    at: file,
    remedy:
      'save a state dict of plain tensors: torch.save({k: v.detach().cpu() for k, v in model.state_dict().items()}, file)',
  });
}

function wholeObject(global: string, file: string): Error {
  return weightsError(`the checkpoint is the Python object ${global}, not tensors by name; nothing was executed`, {
    at: file,
    remedy: "save the model's state dict instead: torch.save({'model': model.state_dict()}, file)",
  });
}

/** Notes numbers, texts and the fields of an `argparse.Namespace`; of other objects only the name. */
function describe(name: string, value: unknown, metadata: Map<string, string>, inert: Set<string>): void {
  if (['string', 'number', 'bigint', 'boolean'].includes(typeof value)) metadata.set(name, String(value));
  else if (isInert(value)) {
    inert.add(value.global);
    if (value.global !== 'argparse.Namespace' || !(value.state instanceof Map)) return;
    for (const [field, own] of value.state) describe(`${name}.${field}`, own, metadata, inert);
  }
}
