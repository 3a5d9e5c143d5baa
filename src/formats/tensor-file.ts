/** Opening a file of named tensors whatever its format, and saying what a file is that holds none. */
import { weightsError } from '../errors/index.ts';
import { NPY_MAGIC } from './npy.ts';
import { isNpz, openNpz } from './npz.ts';
import { openRandomAccess } from './random-access.ts';
import { readSafetensors } from './safetensors.ts';
import type { TensorFile } from './stored-tensor.ts';
import { openTorchCheckpoint } from './torch-checkpoint.ts';
import { openZip } from './zip.ts';

/** The magic number at the start of what `torch.save` wrote before version 1.6: a pickle of 0x1950a86a20f9469cfc6c. */
const TORCH_LEGACY = Buffer.from('80028a0a6cfc9c46f9206aa85019', 'hex');

/** What people also have under such names, by the first bytes. */
const FOREIGN: readonly (readonly [start: Buffer, what: string, remedy: string])[] = [
  [
    TORCH_LEGACY,
    'this checkpoint was saved in the format that PyTorch had before version 1.6',
    'load it with torch.load and save it again with torch 1.6 or newer',
  ],
  [
    Buffer.from('version https://git-lfs'),
    'this is a Git LFS pointer, not the file itself',
    'run git lfs pull in the folder it came from',
  ],
  [
    NPY_MAGIC,
    'this is one numpy array (.npy), not an archive of named ones',
    'save the arrays by name: numpy.savez(file, name=array, …)',
  ],
  [Buffer.from('<'), 'this is a web page, not a checkpoint', 'download the file itself; the link led to a page'],
  [
    Buffer.from('\x89HDF', 'latin1'),
    'this is an HDF5 file (Keras), which is not supported',
    'use the original PyTorch checkpoint',
  ],
];

/**
 * Opens a torch zip checkpoint, a safetensors file or a numpy archive, told by its first bytes.
 *
 * @throws weights error when the file is missing, damaged, or of another format
 */
export async function openTensorFile(file: string): Promise<TensorFile> {
  const start = await firstBytes(file);
  if (start.length >= 4 && start.readUInt32LE(0) === 0x04034b50) {
    return isNpz(await zipMembers(file)) ? openNpz(file) : openTorchCheckpoint(file);
  }
  if (start.length >= 9 && start[8] === 0x7b) return readSafetensors(file);
  if (start.length === 0) {
    throw weightsError('the file is empty', { at: file, remedy: 'fetch or copy the file again' });
  }
  const [, what, remedy] = FOREIGN.find(([magic]) => start.subarray(0, magic.length).equals(magic)) ?? [
    undefined,
    'this is neither a PyTorch checkpoint nor a safetensors file nor a numpy archive',
    'use a .pth file of torch 1.6 or newer, .safetensors or .npz',
  ];
  throw weightsError(what, { at: file, remedy });
}

async function zipMembers(file: string): Promise<string[]> {
  const zip = await openZip(file, { fault: weightsError });
  const names = [...zip.entries.keys()];
  await zip.close();
  return names;
}

async function firstBytes(file: string): Promise<Buffer> {
  const source = await openRandomAccess(file, weightsError);
  try {
    return await source.read(0, Math.min(32, source.size));
  } finally {
    await source.close();
  }
}
