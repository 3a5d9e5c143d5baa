/**
 * The engine that a person asked for, or the best that this machine has: CUDA through TensorFlow, WebGPU on a graphics
 * card, TensorFlow on the CPU, onnxruntime on the CPU. Each engine's module is loaded when it is taken.
 */
import { configError, environmentError } from '../errors/index.ts';
import { type Missing, type Place, whatIsMissing } from './availability.ts';
import type { Engine } from './engine.ts';
import {
  ABILITIES,
  conflictOf,
  DEFAULT_ENGINE,
  type DeviceName,
  type EngineName,
  type EngineOptions,
} from './options.ts';

export interface Candidate {
  readonly name: EngineName;
  readonly device: DeviceName;
}

/** An engine that can be had, not opened yet. */
export interface PickedEngine {
  /** What was asked for, with the engine and device that are taken in place of `auto`. */
  readonly options: EngineOptions;
  /** What better ones lack, where `auto` chose; else empty. */
  readonly reason: string;
}

export interface ChosenEngine extends PickedEngine {
  readonly engine: Engine;
}

/** In the order in which `auto` takes them. */
export const AUTO: readonly Candidate[] = [
  { name: 'tensorflow', device: 'cuda' },
  { name: 'onnxruntime', device: 'webgpu' },
  { name: 'tensorflow', device: 'cpu' },
  { name: 'onnxruntime', device: 'cpu' },
];

/** Options that are left out are those of an empty recipe. */
export type EngineChoice = Partial<EngineOptions>;

/** Picks the engine and opens it. @throws what {@link pickEngine} throws, and what the engine says of the device */
export async function chooseEngine(choice: EngineChoice, place: Place): Promise<ChosenEngine> {
  const pick = await pickEngine(choice, place);
  return { ...pick, engine: await openEngine(pick.options, place) };
}

/**
 * @throws PetlVideoError (config) for options that exclude each other; (environment) when what was asked for cannot be
 *   had, with what is missing, and when an engine that `auto` would take is there and does not work
 */
export async function pickEngine(choice: EngineChoice, place: Place): Promise<PickedEngine> {
  const asked: EngineOptions = { ...DEFAULT_ENGINE, ...choice };
  const conflict = conflictOf(asked);
  if (conflict !== undefined) throw configError(conflict.what, { remedy: conflict.remedy });
  const { precision, threads } = asked;
  const candidates = candidatesFor(asked);
  const passed: { candidate: Candidate; missing: Missing }[] = [];
  for (const candidate of candidates) {
    const missing = await whatIsMissing(candidate.name, candidate.device, {
      ...place,
      threads,
      tf32: precision !== 'fp32',
      software: asked.device === 'webgpu',
    });
    if (missing === undefined) return { options: { ...asked, ...candidate }, reason: reasonFor(asked, passed) };
    // One that works less well must not stand in unseen for one that was set up.
    if (missing.broken) throw missing.error;
    passed.push({ candidate, missing });
  }
  const last = passed.at(-1);
  // An engine that was named lacks most on its least device.
  if (last !== undefined && asked.name !== 'auto') throw last.missing.error;
  throw environmentError(`no engine can be had for ${wordsFor(asked)}`, {
    at: passed.map(({ candidate, missing }) => `${nameOf(candidate)}: ${missing.error.what}`).join('\n     '),
    remedy: last?.missing.error.remedy ?? 'petl-video doctor',
  });
}

/** What fits the options, the best first. */
export function candidatesFor({ name, device, precision, xla, recompute }: EngineOptions): Candidate[] {
  const all: readonly Candidate[] =
    name === 'auto'
      ? AUTO
      : (Object.keys(ABILITIES[name].devices) as DeviceName[]).map((known) => ({ name, device: known }));
  return all.filter(
    (candidate) =>
      (device === 'auto' || candidate.device === device) &&
      ABILITIES[candidate.name].devices[candidate.device]?.includes(precision) === true &&
      (!recompute || ABILITIES[candidate.name].compiles) &&
      (xla === 'auto' || xla === 'off' || candidate.name === 'tensorflow'),
  );
}

/** `engine tensorflow: CPU, libtensorflow 2.21.0; bf16; the best there is (tensorflow on cuda: …)`. */
export function describeEngine({ engine, options, reason }: ChosenEngine): string {
  const how = [
    ...(options.precision === 'fp32' ? [] : [options.precision]),
    ...(options.recompute ? ['blocks recomputed'] : []),
    ...(reason === '' ? [] : [reason]),
  ];
  return [`engine ${engine.name}: ${engine.device}`, ...how].join('; ');
}

const nameOf = ({ name, device }: Candidate): string => `${name} on ${device}`;

function wordsFor({ name, device, precision }: EngineOptions): string {
  return `engine.name ${name}, engine.device ${device}, engine.precision ${precision}`;
}

/** Empty where nothing was left open. */
function reasonFor({ name }: EngineOptions, passed: readonly { candidate: Candidate; missing: Missing }[]): string {
  if (name !== 'auto') return '';
  const lacks = passed.map(({ candidate, missing }) => `${nameOf(candidate)}: ${missing.error.what}`);
  return lacks.length === 0 ? 'the best there is' : `the best there is (${lacks.join('; ')})`;
}

async function openEngine(options: EngineOptions, { cache }: Place): Promise<Engine> {
  const { name, precision, xla, threads, recompute } = options;
  const device = options.device as DeviceName;
  switch (name) {
    case 'tensorflow': {
      const { tensorflowEngine } = await import('./tensorflow-graph.ts');
      return tensorflowEngine({ cache, device: cudaOrCpu(device), precision, xla, threads, recompute });
    }
    case 'onnxruntime': {
      const { onnxruntimeEngine } = await import('./onnxruntime.ts');
      return onnxruntimeEngine({ device, precision, threads, recompute });
    }
    case 'tensorflow-eager': {
      const { tensorflowEagerEngine } = await import('./tensorflow-eager.ts');
      return tensorflowEagerEngine({ cache, device: cudaOrCpu(device), threads, tf32: false });
    }
    case 'cpu':
      return (await import('./cpu.ts')).cpuEngine();
    case 'auto':
      throw new TypeError('an engine is picked before it is opened');
  }
}

const cudaOrCpu = (device: DeviceName): 'cuda' | 'cpu' => (device === 'cuda' ? 'cuda' : 'cpu');
