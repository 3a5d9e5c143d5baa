/**
 * `tuned.safetensors`: trained parameters, head and running statistics, with what is needed to use them again.
 * Metadata: method, classes, backbone fingerprint, recipe.
 */
import { weightsError } from '../errors/index.ts';
import { readSafetensors, type SafetensorsFile, writeSafetensors } from '../formats/safetensors.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';
import { readExactly } from './read-exactly.ts';

const FORMAT = 'petl-video tuned weights';

export interface TunedMetadata {
  /** Name and options of the method. */
  readonly method: unknown;
  /** Label → class name. */
  readonly classes: readonly string[];
  /** Fingerprint of the frozen tensors that the weights were trained over. */
  readonly backbone: string;
  /** The resolved recipe, YAML. */
  readonly recipe: string;
  /** `epoch 12 of 90`, top-1 on the validation split, …: facts for people. */
  readonly training: Readonly<Record<string, string | number>>;
}

export async function writeTunedWeights(file: string, tensors: HostTensors, metadata: TunedMetadata): Promise<void> {
  const { method, classes, backbone, recipe, training } = metadata;
  await writeSafetensors(file, tensors, {
    format: FORMAT,
    method: JSON.stringify(method),
    classes: JSON.stringify(classes),
    backbone,
    recipe,
    training: JSON.stringify(training),
  });
}

/** @throws PetlVideoError (weights) when the file is missing or something else */
export async function readTunedMetadata(file: string): Promise<TunedMetadata> {
  const source = await readSafetensors(file);
  try {
    return metadataOf(source);
  } finally {
    await source.close();
  }
}

/** @throws PetlVideoError (weights) when the file is something else or holds other tensors than `specs` */
export async function readTunedWeights(
  file: string,
  specs: readonly ParameterSpec[],
): Promise<{ tensors: HostTensors; metadata: TunedMetadata }> {
  const source = await readSafetensors(file);
  try {
    const metadata = metadataOf(source);
    return { tensors: await readExactly(source, specs, 'tuned weight'), metadata };
  } finally {
    await source.close();
  }
}

function metadataOf({ file, metadata }: SafetensorsFile): TunedMetadata {
  const { format, method, classes, backbone, recipe, training } = Object.fromEntries(metadata);
  if (format !== FORMAT || !method || !classes || backbone === undefined || recipe === undefined || !training) {
    throw weightsError('this file holds no tuned weights of petl-video', {
      at: file,
      remedy: 'give the tuned.safetensors of a run',
    });
  }
  try {
    return {
      method: JSON.parse(method),
      classes: JSON.parse(classes),
      backbone,
      recipe,
      training: JSON.parse(training),
    } as TunedMetadata;
  } catch (error) {
    throw weightsError('the metadata of the tuned weights are damaged', { at: file, cause: error });
  }
}
