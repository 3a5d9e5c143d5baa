/** Which engine can be had on which device of this machine, and what is missing where it cannot. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, environmentError, PetlVideoError } from '../errors/index.ts';
import { runProgram } from '../setup/executables.ts';
import type { DeviceName, EngineName } from './options.ts';
import { findAdapter } from './webgpu-adapter.ts';

/** Where to look, and how TensorFlow is loaded where it must be: that holds for the process. */
export interface Place {
  /** Set-up's folder. */
  readonly cache: string;
  readonly threads?: number;
  readonly tf32?: boolean;
  /** Whether WebGPU may run on an adapter that a program imitates, as those who name the device may want. */
  readonly software?: boolean;
}

export interface Missing {
  readonly error: PetlVideoError;
  /** It is there and does not work, which no other engine may cover up. */
  readonly broken: boolean;
}

/** Loads TensorFlow where CUDA is asked for and may be there: nothing else can tell. */
export async function whatIsMissing(name: EngineName, device: DeviceName, place: Place): Promise<Missing | undefined> {
  try {
    switch (name) {
      case 'cpu':
        return undefined;
      case 'tensorflow':
      case 'tensorflow-eager':
        return await tensorflowIsMissing(device, place);
      case 'onnxruntime':
        return await onnxruntimeIsMissing(device, place);
    }
  } catch (thrown) {
    if (thrown instanceof PetlVideoError && thrown.kind === 'environment') return { error: thrown, broken: true };
    throw thrown;
  }
}

const absent = (what: string, remedy: string, at?: string): Missing => ({
  error: environmentError(what, { remedy, ...(at === undefined ? {} : { at }) }),
  broken: false,
});

async function tensorflowIsMissing(device: DeviceName, place: Place): Promise<Missing | undefined> {
  // With it comes tfjs, which set-up and the other engines' looks do without.
  const { listBindings, loadTensorflow } = await import('./tensorflow-binding.ts');
  const bindings = await listBindings(place.cache).catch((thrown) => {
    if (thrown instanceof PetlVideoError && thrown.kind === 'environment') return thrown;
    throw thrown;
  });
  if (bindings instanceof PetlVideoError) return { error: bindings, broken: false };
  if (bindings.length === 0) {
    return absent('libtensorflow is not there', 'petl-video setup, or engine.name onnxruntime', place.cache);
  }
  if (device === 'cpu') return undefined;
  const remedy = 'petl-video setup --cuda provides one (Linux x64 with an NVIDIA card)';
  // What set-up makes for the CPU never has CUDA, which saves loading it to learn that.
  if (bindings.every(({ source }) => source === 'set-up')) return absent('TensorFlow is set up without CUDA', remedy);
  const { cache, threads, tf32 } = place;
  const { gpu, file } = await loadTensorflow({
    cache,
    ...(threads === undefined ? {} : { threads }),
    ...(tf32 === undefined ? {} : { tf32 }),
  });
  return gpu ? undefined : absent('TensorFlow finds no CUDA device', remedy, file);
}

async function onnxruntimeIsMissing(device: DeviceName, { software }: Place): Promise<Missing | undefined> {
  const folder = findOnnxruntime();
  if (folder === undefined) return absent('the package onnxruntime-node is not installed', 'npm install');
  const binaries = path.join(folder, 'bin', 'napi-v6', process.platform, process.arch);
  if (!(await isThere(path.join(binaries, 'onnxruntime_binding.node')))) {
    return absent(
      `onnxruntime-node has no binary for ${process.platform} ${process.arch}`,
      'use Linux, macOS on Apple silicon, or Windows; or engine.name tensorflow',
      binaries,
    );
  }
  if (device === 'cpu') return undefined;
  if (device === 'webgpu') {
    const adapter = await findAdapter();
    if (!adapter.found && software !== true) return absent(adapter.reason, adapter.remedy);
    const failure = await tryWebgpu();
    if (failure === undefined) return undefined;
    return absent(
      `WebGPU does not work: ${failure}`,
      'install or update Vulkan (libvulkan1) and its driver of the card',
    );
  }
  const provider = path.join(binaries, 'libonnxruntime_providers_cuda.so');
  if (await isThere(provider)) return undefined;
  return absent(
    'onnxruntime has no CUDA provider',
    `node ${path.join(folder, 'script', 'install.js')} --onnxruntime-node-install=cuda12 (CUDA 12 and cuDNN 9 must be there)`,
    provider,
  );
}

/** A small product on WebGPU, in a process of its own. @returns what was wrong */
async function tryWebgpu(): Promise<string | undefined> {
  const trial = fileURLToPath(new URL('./webgpu-trial.js', import.meta.url));
  const { code, stderr } = await runProgram(process.execPath, [trial], { timeout: 60_000 });
  if (code === 0) return undefined;
  const loader = /libvulkan\S*: cannot open/.test(stderr) ? 'there is no libvulkan.so.1' : undefined;
  // onnxruntime puts the place in its sources and the condition in front of what happened.
  const told = /^\w*Error: (?:.* was false\. )?(.+)$/m.exec(stderr)?.[1];
  return loader ?? told ?? (stderr.trim().split('\n').at(-1) || 'the trial crashed');
}

/** The folder of onnxruntime-node, or undefined. */
function findOnnxruntime(): string | undefined {
  try {
    return path.dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  } catch (cause) {
    if (codeOf(cause) === 'MODULE_NOT_FOUND') return undefined;
    throw cause;
  }
}

async function isThere(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
}
