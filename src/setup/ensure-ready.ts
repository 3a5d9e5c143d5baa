/**
 * Everything that npm could not bring: libtensorflow with the binding of tfjs-node-gpu, and ffmpeg. What is there is
 * kept, what is missing is provided; the two do not depend on each other, and one that fails does not stop the other.
 */
import { stat } from 'node:fs/promises';
import { PetlVideoError } from '../errors/index.ts';
import { bindingFile, isBindingReady, provideBinding, tryBinding } from './binding.ts';
import { openCache, placesIn, removeLeftovers } from './cache.ts';
import type { Source } from './fetch-wheel.ts';
import { cachedFfmpeg, isFfmpegReady, provideFfmpeg } from './ffmpeg-binary.ts';
import { type Flavour, provideLibtensorflow } from './libtensorflow.ts';
import type { Listener } from './listener.ts';
import { withLock } from './lock.ts';
import { findTfjsPackage } from './tfjs-node-gpu.ts';

export interface ReadyOptions {
  /** Set-up's folder, the search path and the package index. */
  readonly environment: { readonly cache: string; readonly searchPath: string; readonly packageIndex: string };
  /** Which TensorFlow to provide: for the CPU, with CUDA (3.3 GB to download, Linux x64), or none. Default: cpu. */
  readonly tensorflow?: Flavour | 'none';
  /** Finds an ffmpeg that makes set-up's own needless; undefined when there is none. */
  readonly locateFfmpeg: () => Promise<string | undefined>;
  readonly listener: Listener;
  readonly signal: AbortSignal;
}

export interface Readiness {
  readonly tensorflow: Part;
  readonly ffmpeg: Part;
}

/** `found`: was there before. `provided`: by this call. `unasked`: nobody wants it. */
export type Part =
  | { readonly state: 'unasked' }
  | { readonly state: 'found' | 'provided'; readonly file: string | undefined }
  | { readonly state: 'failed'; readonly error: PetlVideoError };

/**
 * Takes milliseconds when all is there. Only failures of the environment come back as a part's `error`; the signal's
 * reason and bugs are thrown.
 */
export async function ensureReady(options: ReadyOptions): Promise<Readiness> {
  const { environment, listener, signal } = options;
  const { cache, searchPath, packageIndex } = environment;
  const flavour = options.tensorflow ?? 'cpu';
  const look = async () => ({
    tensorflow: flavour === 'none' ? UNASKED : await part(() => findTensorflow(cache, flavour, signal)),
    ffmpeg: await part(() => findFfmpegFor(options)),
  });
  const before = await look();
  if (before.tensorflow !== undefined && before.ffmpeg !== undefined) return before as Readiness;

  await openCache(cache);
  const onWait = (holder: string): void => listener.note(`waiting for another set-up to end (${holder})`);
  return withLock(placesIn(cache).lock, { signal, onWait }, async () => {
    await removeLeftovers(cache);
    const source: Source = { cache, packageIndex, listener, signal };
    // The other set-up may have done it all meanwhile.
    const now = await look();
    const ffmpeg = now.ffmpeg ?? (await part(async () => provided(await provideFfmpeg(source))));
    const tensorflow =
      now.tensorflow ??
      (await part(async () => {
        if (flavour === 'none') return UNASKED;
        await provideLibtensorflow(flavour, source);
        return provided(await provideBinding(flavour, searchPath, source));
      }));
    return { tensorflow, ffmpeg } as Readiness;
  });
}

const UNASKED: Part = { state: 'unasked' };
const found = (file: string): Part => ({ state: 'found', file });
const provided = (file: string): Part => ({ state: 'provided', file });

async function findTensorflow(cache: string, flavour: Flavour, signal: AbortSignal): Promise<Part | undefined> {
  // The binding is of no use without the package's JavaScript.
  const { ownBinding } = findTfjsPackage();
  if (await isBindingReady(cache, flavour)) return found(bindingFile(cache, flavour));
  if (flavour === 'cuda') return undefined;
  return (await isUsable(ownBinding, signal)) ? found(ownBinding) : undefined;
}

/** Whether the package's own install script brought a binding, and it loads. */
async function isUsable(binding: string, signal: AbortSignal): Promise<boolean> {
  try {
    await stat(binding);
    await tryBinding(binding, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function findFfmpegFor(options: ReadyOptions): Promise<Part | undefined> {
  const file = await options.locateFfmpeg();
  if (file !== undefined) return found(file);
  const { cache } = options.environment;
  return (await isFfmpegReady(cache)) ? found(cachedFfmpeg(cache)) : undefined;
}

async function part(work: () => Promise<Part | undefined>): Promise<Part | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PetlVideoError && error.kind === 'environment') return { state: 'failed', error };
    throw error;
  }
}
