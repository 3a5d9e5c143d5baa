/**
 * Brings up TensorFlow in this process: tfjs-node-gpu's binding, its kernels, and its backend as `tensorflow` in the
 * one tfjs that everything here uses. The package's own entry point is not used: it looks for the binding inside the
 * package only, and makes its backend the default.
 *
 * CUDA's libraries are found through run-time search paths inside libtensorflow; LD_LIBRARY_PATH cannot be set for a
 * process that already runs.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import type { KernelBackend } from '@tensorflow/tfjs';
import { environmentError, messageOf } from '../errors/index.ts';
import { bindingFile, isBindingReady, muteFile } from '../setup/binding.ts';
import { isReadable } from '../setup/executables.ts';
import { findTfjsPackage } from '../setup/tfjs-node-gpu.ts';
import { tf } from '../tensor/tf.ts';

/** What this project uses of tfjs-node-gpu's native interface (binding/tfjs_binding.cc). Ids are of device tensors. */
export interface Binding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_UINT8: number;
  readonly TF_ATTR_TYPE: number;
  isUsingGpuDevice(): boolean;
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
  /** May keep the array and compute with it as it is at that time, until the tensor is deleted. */
  createTensor(shape: readonly number[], dtype: number, data: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  /** A copy in host memory. Not of uint8, bfloat16 and float16. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: 1): [NativeTensor];
  /** @param tags of the graph to take, with commas between them */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(model: number): void;
  /** Names are `node:index`, with commas between them. What is fed stays; what is fetched is new. */
  runSavedModel(model: number, fed: readonly number[], feeds: string, fetches: string): NativeTensor[];
}

export interface OpAttribute {
  readonly name: string;
  /** One of the constants TF_ATTR_…. */
  readonly type: number;
  readonly value: number | boolean;
}

/** What an operation or a run makes. */
export interface NativeTensor {
  readonly id: number;
  readonly dtype: number;
  readonly shape: number[];
}

export interface TensorflowRuntime {
  /** Name under which the backend is registered with tfjs. Nothing is made the current backend. */
  readonly backend: 'tensorflow';
  readonly binding: Binding;
  /** Of libtensorflow. */
  readonly version: string;
  readonly gpu: boolean;
  /** `set-up`: libtensorflow and binding of the cache. `tfjs-node-gpu`: what the package's own installation brought. */
  readonly source: 'set-up with CUDA' | 'set-up' | 'tfjs-node-gpu';
  readonly file: string;
}

export interface Candidate {
  readonly source: TensorflowRuntime['source'];
  readonly file: string;
  /** Whether nothing else is tried when it does not load: who asked for CUDA must not end up on the CPU unawares. */
  readonly required: boolean;
  /** An addon that can silence stderr. */
  readonly mute?: string;
}

export interface LoadOptions {
  /** Set-up's folder. */
  readonly cache: string;
  /** Processor threads of an operation, and as many operations at once; 0: one for each core. */
  readonly threads?: number;
  /** `cpu` hides graphics cards; otherwise they are used where libtensorflow can. */
  readonly device?: 'cpu' | 'cuda';
  /** Whether CUDA may round the operands of float32 products to TensorFloat-32. */
  readonly tf32?: boolean;
}

/** What it was loaded with. */
interface Settings {
  readonly threads: number;
  readonly tf32: boolean;
}

let loaded: (TensorflowRuntime & Settings) | undefined;

/**
 * Loads TensorFlow once per process; later calls return the same. Order: what `setup --cuda` built, what the package
 * brought itself (passed over when it does not load), what `setup` built.
 *
 * @throws environment error when there is no libtensorflow, or none that loads (with the loader's words); when it is
 *   loaded already with another setting
 */
export async function loadTensorflow(options: LoadOptions): Promise<TensorflowRuntime> {
  if (loaded !== undefined) {
    checkSettings(loaded, options);
    return loaded;
  }
  const { cache } = options;
  const tfjs = findTfjsPackage();
  const candidates = await listBindings(cache);
  const failures: string[] = [];
  replaceRemovedUtil();
  const settings = applySettings(options);
  const require = createRequire(path.join(tfjs.folder, 'package.json'));
  for (const { source, file, mute, required } of candidates) {
    let binding: Binding;
    try {
      binding = loadBinding(require, file, mute);
    } catch (error) {
      failures.push(`${file}: ${messageOf(error)}`);
      if (required) break;
      continue;
    }
    register(require, binding);
    loaded = {
      backend: 'tensorflow',
      binding,
      version: binding.TF_Version,
      gpu: binding.isUsingGpuDevice(),
      source,
      file,
      ...settings,
    };
    return loaded;
  }
  if (failures.length === 0) {
    throw environmentError('libtensorflow is not there', { remedy: 'petl-video setup', at: cache });
  }
  throw environmentError(`libtensorflow does not load:\n  ${failures.join('\n  ')}`, {
    remedy: 'remove the file named and run: petl-video setup',
  });
}

/** What holds for the whole process from now on: libtensorflow reads these variables while it loads. */
function applySettings({ threads = 0, tf32 = false, device }: LoadOptions): Settings {
  if (threads > 0) {
    process.env.TF_NUM_INTRAOP_THREADS = `${threads}`;
    process.env.TF_NUM_INTEROP_THREADS = `${threads}`;
  }
  process.env.NVIDIA_TF32_OVERRIDE = tf32 ? '1' : '0';
  if (device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
  return { threads, tf32 };
}

/** @throws environment error when it was loaded in another way than is asked for now */
function checkSettings(runtime: TensorflowRuntime & Settings, { threads, tf32, device }: LoadOptions): void {
  const conflicts = [
    threads !== undefined && threads !== runtime.threads
      ? `with ${threadsIn(runtime.threads)}, and not with ${threadsIn(threads)}`
      : '',
    runtime.gpu && tf32 !== undefined && tf32 !== runtime.tf32 ? `${tf32 ? 'without' : 'with'} TensorFloat-32` : '',
    runtime.gpu && device === 'cpu' ? 'for CUDA' : '',
  ].filter((conflict) => conflict !== '');
  if (conflicts.length === 0) return;
  throw environmentError(`TensorFlow is loaded already, ${conflicts.join(', ')}`, {
    at: runtime.file,
    remedy: 'it takes such settings once: use a process of its own for others',
  });
}

const threadsIn = (threads: number): string => (threads === 0 ? 'a thread for each core' : `${threads} threads`);

/** The bindings that are there, in the order in which they are tried. */
export async function listBindings(cache: string): Promise<Candidate[]> {
  const { ownBinding } = findTfjsPackage();
  const candidates: Candidate[] = [];
  if (await isBindingReady(cache, 'cuda')) candidates.push(ofCache(cache, 'cuda'));
  if (await isReadable(ownBinding)) candidates.push({ source: 'tfjs-node-gpu', file: ownBinding, required: false });
  if (await isBindingReady(cache, 'cpu')) candidates.push(ofCache(cache, 'cpu'));
  return candidates;
}

function ofCache(cache: string, flavour: 'cpu' | 'cuda'): Candidate {
  const source = flavour === 'cuda' ? 'set-up with CUDA' : 'set-up';
  return { source, file: bindingFile(cache, flavour), required: true, mute: muteFile(cache, flavour) };
}

/** tfjs-node-gpu's kernels and backend, registered with the tfjs that this project uses. */
function register(require: NodeJS.Require, binding: Binding): void {
  if (require('@tensorflow/tfjs') !== tf) {
    throw environmentError('two copies of @tensorflow/tfjs are installed, and tfjs-node-gpu uses the other one', {
      at: require.resolve('@tensorflow/tfjs'),
      remedy: 'npm dedupe @tensorflow/tfjs',
    });
  }
  require('./dist/register_all_kernels');
  const { NodeJSKernelBackend } = require('./dist/nodejs_kernel_backend') as {
    NodeJSKernelBackend: new (binding: Binding, packageName: string) => KernelBackend;
  };
  tf.registerBackend('tensorflow', () => new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu'));
}

/**
 * libtensorflow greets with lines about CPU features and oneDNN on stderr; level 2 leaves errors only. It reads the
 * variable from the process while it loads, so that this is the last moment to set it. A person's own setting stays,
 * and 0 shows everything.
 */
function loadBinding(require: NodeJS.Require, file: string, muteFile: string | undefined): Binding {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  if (muteFile === undefined || process.env.TF_CPP_MIN_LOG_LEVEL === '0') return require(file) as Binding;
  const { mute, unmute } = require(muteFile) as { mute(): void; unmute(): void };
  mute();
  try {
    return require(file) as Binding;
  } finally {
    unmute();
  }
}

/**
 * Node 23 removed two functions that tfjs-node-gpu 4.22 calls in every operation (tensorflow/tfjs#8609). Before, they
 * are there but warn that they will go; so they are replaced everywhere.
 */
function replaceRemovedUtil(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}
