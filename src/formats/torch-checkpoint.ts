/**
 * PyTorch checkpoints as `torch.save` writes them since version 1.6: a zip archive with
 *
 *   <name>/data.pkl       the saved object, a pickle in which each tensor names a storage, an offset, a shape and strides
 *   <name>/data/<key>     the elements of one storage, stored uncompressed
 *   <name>/byteorder      `little` or `big` (since 2.1)
 *
 * Nothing in the pickle is executed. Tensors are read one by one, so that a file of 2.5 GB needs no 2.5 GB of memory.
 */
import { weightsError } from '../errors/index.ts';
import { unpickle } from './pickle.ts';
import {
  decode,
  elements,
  type LoadedTensor,
  STORED_BYTES,
  type StoredSpec,
  type TensorFile,
} from './stored-tensor.ts';
import { isRowMajor, toRowMajor } from './strided.ts';
import { selectState } from './torch-state.ts';
import { type TorchTensor, torchWorld } from './torch-world.ts';
import { openZip, type Zip } from './zip.ts';

/** ViT-H with its optimizer has a pickle of 300 kB. */
const LARGEST_PICKLE = 2 ** 26;
/** Beyond this many elements a tensor may not be larger than the storage that it repeats. */
const LARGEST_EXPANDED = 2 ** 24;
/** Entries up to this size are read whole and with their checksum; of larger ones only the part that is needed. */
const LARGEST_CHECKED = 2 ** 30;

/**
 * Functions whose only use in a weights file is an attack. A file that names one is refused whole; any other Python object
 * that we do not know becomes a placeholder and matters only where a tensor should be.
 */
const HOSTILE =
  /^(os|posix|nt|subprocess|sys|shutil|socket|pty|runpy|importlib|webbrowser|ctypes|commands)\.|^(builtins|__builtin__)\.(eval|exec|execfile|compile|open|__import__|input|breakpoint)$/;

/**
 * Opens a torch checkpoint: the state dict itself, or under `model`, `module` or `state_dict`.
 *
 * @throws weights error when the file is no torch zip checkpoint, is truncated or big-endian, holds something else than
 *   tensors by name, or names a Python function that has no place in it
 */
export async function openTorchCheckpoint(file: string): Promise<TensorFile> {
  const zip = await openZip(file, { fault: weightsError });
  try {
    return await open(zip);
  } catch (error) {
    await zip.close();
    throw error;
  }
}

async function open(zip: Zip): Promise<TensorFile> {
  const { file } = zip;
  const pickle = [...zip.entries.keys()].find((name) => name === 'data.pkl' || /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) {
    throw weightsError('this zip archive is no torch checkpoint: it has no data.pkl', { at: file });
  }
  const root = pickle.slice(0, -'data.pkl'.length);
  await refuseBigEndian(zip, `${root}byteorder`);
  if ((zip.entries.get(pickle)?.size ?? 0) > LARGEST_PICKLE) {
    throw weightsError('the checkpoint holds more Python objects than a model can have', { at: file });
  }
  const { value, globals } = unpickle(await zip.read(pickle), torchWorld(file), weightsError, `${file}: ${pickle}`);
  const hostile = [...globals].filter((name) => HOSTILE.test(name));
  if (hostile.length > 0) {
    throw weightsError(`the file asks for ${hostile.join(', ')} to be called on loading; nothing was executed`, {
      at: file,
      remedy: 'do not load this file with PyTorch; fetch the checkpoint from its original place',
    });
  }

  const state = selectState(value, file);
  const specs = new Map<string, StoredSpec>();
  for (const [name, tensor] of state.tensors) {
    checkPlace(tensor, zip, root, name);
    specs.set(name, { shape: tensor.shape, dtype: tensor.storage.dtype });
  }
  return {
    file,
    format: 'torch',
    specs,
    metadata: state.metadata,
    path: state.path,
    inert: state.inert,
    read: async (name) => {
      const tensor = state.tensors.get(name);
      if (tensor === undefined) throw weightsError(`the checkpoint has no tensor '${name}'`, { at: file });
      return readTensor(zip, root, tensor, `${file}: ${name}`);
    },
    close: () => zip.close(),
  };
}

async function refuseBigEndian(zip: Zip, entry: string): Promise<void> {
  if (!zip.entries.has(entry)) return;
  const order = (await zip.read(entry)).toString('latin1').trim();
  if (order === 'little') return;
  throw weightsError(`the checkpoint's byte order is '${order}'; only little-endian files are supported`, {
    at: zip.file,
    remedy: 'load and save it again on a little-endian machine',
  });
}

/** One past the last element that the tensor touches, counted from its offset. */
function extentOf({ shape, stride }: TorchTensor): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((last, extent, i) => last + (extent - 1) * (stride[i] as number), 1);
}

/** Checks before anything is read that the storage exists, has the size it claims, and holds the whole tensor. */
function checkPlace(tensor: TorchTensor, zip: Zip, root: string, name: string): void {
  const { storage, shape, offset } = tensor;
  const entry = zip.entries.get(`${root}data/${storage.key}`);
  const broken = (why: string) =>
    weightsError(`tensor '${name}' ${why}`, { at: zip.file, remedy: 'fetch or copy the file again' });
  if (entry === undefined) throw broken(`lies in storage '${storage.key}', which the file does not have`);
  const held = entry.size / STORED_BYTES[storage.dtype];
  if (offset + extentOf(tensor) > held) {
    throw broken(`needs elements up to ${offset + extentOf(tensor)} of a storage that has ${held}`);
  }
  if (elements(shape) > Math.max(held, LARGEST_EXPANDED)) {
    throw broken(`repeats a storage of ${held} elements to ${elements(shape)}`);
  }
}

async function readTensor(zip: Zip, root: string, tensor: TorchTensor, at: string): Promise<LoadedTensor> {
  const { shape, stride, offset, storage } = tensor;
  const size = STORED_BYTES[storage.dtype];
  const span = await readSpan(zip, `${root}data/${storage.key}`, offset * size, extentOf(tensor) * size);
  const bytes = isRowMajor(shape, stride) ? span : toRowMajor(span, shape, stride, size);
  return decode(bytes, { shape, dtype: storage.dtype }, weightsError, at);
}

/** Bytes of an entry in a buffer of their own. */
async function readSpan(zip: Zip, name: string, from: number, length: number): Promise<Buffer<ArrayBuffer>> {
  const entry = zip.entries.get(name);
  const whole = entry?.method === 'deflated' || (entry?.size === length && length <= LARGEST_CHECKED);
  if (!whole) return zip.readRange(name, from, length);
  const bytes = await zip.read(name);
  const own = Buffer.from(new ArrayBuffer(length));
  bytes.copy(own, 0, from, from + length);
  return own;
}
