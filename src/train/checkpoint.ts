/**
 * The state of a run between two updates, in one file: trained parameters, running statistics, optimizer slots and the
 * counters. Randomness needs no state (see `tensor/random.ts`), and gradients are zero between updates.
 */
import path from 'node:path';
import type { Engine } from '../engine/engine.ts';
import { codeOf, weightsError } from '../errors/index.ts';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from '../formats/safetensors.ts';
import { readExactly } from '../petl/read-exactly.ts';
import type { HostTensors, TensorSpecs } from '../tensor/host.ts';
import type { LossScale } from './loss-scale.ts';
import type { Measured } from './plan.ts';

export interface LossSum {
  readonly sum: number;
  readonly clips: number;
}

export const NO_LOSS: LossSum = { sum: 0, clips: 0 };

export function addLoss({ sum, clips }: LossSum, loss: number, of: number): LossSum {
  return { sum: sum + loss * of, clips: clips + of };
}

export function meanLoss({ sum, clips }: LossSum): number {
  return sum / Math.max(1, clips);
}

export interface Counters {
  /** Updates done since the start of the run. */
  readonly update: number;
  /** Epochs whose validation is done. */
  readonly validated: number;
  /** The best validation so far, and the last one. */
  readonly best: Measured | null;
  readonly last: Measured | null;
  /** The losses of this epoch's clips. */
  readonly epochLoss: LossSum;
  /** The same since the last line of metrics. */
  readonly intervalLoss: LossSum;
  /** Videos of this epoch that others stood in for. */
  readonly replaced: number;
  /** Seconds of training so far, for people. */
  readonly seconds: number;
  /** Only in runs that scale their loss. */
  readonly lossScale?: LossScale;
}

export const START: Counters = {
  update: 0,
  validated: 0,
  best: null,
  last: null,
  epochLoss: NO_LOSS,
  intervalLoss: NO_LOSS,
  replaced: 0,
  seconds: 0,
};

export interface Checkpoint {
  readonly counters: Counters;
  readonly tensors: HostTensors;
  /** Fingerprint of the frozen weights: a run goes on over the same backbone only. */
  readonly backbone: string;
  /** Fingerprint of the training entries: their numbers name what is random, and their order the epochs. */
  readonly entries: string;
  /** What computed it, as people are told: another rounds differently. */
  readonly engine: string;
}

export function engineText({ name, device }: Engine): string {
  return `${name}: ${device}`;
}

const FORMAT = 'petl-video checkpoint';

export function checkpointFile(folder: string): string {
  return path.join(folder, 'checkpoint', 'state.safetensors');
}

export async function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { counters, tensors, backbone, entries, engine } = checkpoint;
  await writeSafetensors(checkpointFile(folder), tensors, {
    format: FORMAT,
    counters: JSON.stringify(counters),
    backbone,
    entries,
    engine,
  });
}

/** @throws PetlVideoError (weights) when the file is damaged or its tensors are not those of `specs` */
export async function readCheckpoint(folder: string, specs: TensorSpecs): Promise<Checkpoint> {
  const file = checkpointFile(folder);
  const source = await openCheckpoint(file);
  try {
    const { format, counters, backbone, entries, engine = '' } = Object.fromEntries(source.metadata);
    if (format !== FORMAT || counters === undefined || backbone === undefined || entries === undefined) {
      throw weightsError('this file is no checkpoint of petl-video', { at: file });
    }
    const wanted = Object.entries(specs).map(([name, { shape }]) => ({ name, shape }));
    const tensors = await readExactly(source, wanted, 'checkpoint tensor');
    return { counters: parseCounters(counters, file), tensors, backbone, entries, engine };
  } finally {
    await source.close();
  }
}

/** The counters alone, without reading a tensor; undefined where there is no checkpoint. */
export async function readCounters(folder: string): Promise<Counters | undefined> {
  const file = checkpointFile(folder);
  const source = await readSafetensors(file).catch((error: unknown) => {
    if (error instanceof Error && codeOf(error.cause) === 'ENOENT') return undefined;
    throw error;
  });
  if (source === undefined) return undefined;
  try {
    const text = source.metadata.get('counters');
    if (text === undefined) throw weightsError('this file is no checkpoint of petl-video', { at: file });
    return parseCounters(text, file);
  } finally {
    await source.close();
  }
}

async function openCheckpoint(file: string): Promise<SafetensorsFile> {
  try {
    return await readSafetensors(file);
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error.cause) !== 'ENOENT') throw error;
    throw weightsError('this run has no checkpoint to go on from', {
      at: file,
      remedy: 'train it anew: petl-video train with its config.yaml and another --out',
      cause: error,
    });
  }
}

function parseCounters(text: string, file: string): Counters {
  try {
    return JSON.parse(text) as Counters;
  } catch (error) {
    throw weightsError('the counters of the checkpoint are damaged', { at: file, cause: error });
  }
}
