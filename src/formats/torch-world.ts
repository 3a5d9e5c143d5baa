/** The few Python globals that a state dict needs, remade here: storages, tensors, parameters, ordered dictionaries. */
import { weightsError } from '../errors/index.ts';
import { isGlobal, type World } from './pickle.ts';
import { elements, type StoredDType } from './stored-tensor.ts';

export interface TorchStorage {
  readonly kind: 'storage';
  readonly dtype: StoredDType;
  /** The entry `data/<key>`. */
  readonly key: string;
}

/** A view of a storage. Strides and offset count elements; strides may be those of a transpose, or 0. */
export interface TorchTensor {
  readonly kind: 'tensor';
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** Storage classes by name. Complex, quantised and 8-bit float tensors have no place in a ViT. */
const STORAGES: Readonly<Record<string, StoredDType>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

export function isTorchTensor(value: unknown): value is TorchTensor {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'tensor';
}

export function torchWorld(file: string): World {
  const broken = (what: string) => weightsError(`the checkpoint is damaged: ${what}`, { at: file });

  const rebuildTensor = ([storage, offset, shape, stride]: readonly unknown[]): TorchTensor => {
    if (!isStorage(storage) || !isIndex(offset) || !isIndices(shape) || !isIndices(stride)) {
      throw broken('a tensor lacks its storage, offset, shape or strides');
    }
    if (shape.length !== stride.length || !Number.isSafeInteger(elements(shape))) {
      throw broken(`a tensor has shape [${shape}] and strides [${stride}]`);
    }
    return { kind: 'tensor', storage, offset, shape, stride };
  };
  /** A tensor with attributes of its own: (function, type, arguments, state). */
  const rebuildFromType = ([rebuild, , args]: readonly unknown[]): unknown =>
    isGlobal(rebuild) && Array.isArray(args) ? makerOf(rebuild.name)?.(args) : undefined;

  const makers: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
    'torch._utils._rebuild_tensor_v2': rebuildTensor,
    'torch._utils._rebuild_parameter': ([tensor]) => tensor,
    'torch._utils._rebuild_parameter_with_state': ([tensor]) => tensor,
    'torch._tensor._rebuild_from_type_v2': rebuildFromType,
    'torch.Size': ([sizes]) => sizes,
    'collections.OrderedDict': ([pairs]) => {
      if (pairs === undefined) return new Map();
      if (!Array.isArray(pairs) || !pairs.every(Array.isArray))
        throw broken('an ordered dictionary is no list of pairs');
      return new Map(pairs as [unknown, unknown][]);
    },
  };
  const makerOf = (global: string) => (Object.hasOwn(makers, global) ? makers[global] : undefined);
  return {
    maker: makerOf,
    persistent: (id) => {
      const [what, type, key] = Array.isArray(id) ? id : [];
      if (what !== 'storage' || !isGlobal(type) || typeof key !== 'string') throw broken('a storage has no name');
      const dtype = Object.hasOwn(STORAGES, type.name) ? STORAGES[type.name] : undefined;
      if (dtype === undefined) {
        throw weightsError(`the checkpoint has tensors of type ${type.name}, which is not supported`, {
          at: file,
          remedy: 'convert them with .float() and save the state dict again',
        });
      }
      return { kind: 'storage', dtype, key } satisfies TorchStorage;
    },
  };
}

function isStorage(value: unknown): value is TorchStorage {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'storage';
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isIndices(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isIndex);
}
