import { weightsError } from '../errors/index.ts';
import type { SafetensorsFile } from '../formats/safetensors.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';

/**
 * The tensors of these names and shapes from a run's own file.
 * @param what what the file holds, for the message: `tuned weight`, `checkpoint tensor`
 * @throws PetlVideoError (weights) when one is missing or has another shape
 */
export async function readExactly(
  source: SafetensorsFile,
  specs: readonly Pick<ParameterSpec, 'name' | 'shape'>[],
  what: string,
): Promise<HostTensors> {
  const tensors: HostTensors = {};
  for (const { name, shape } of specs) {
    const found = source.specs.get(name);
    if (found === undefined || `${found.shape}` !== `${shape}`) {
      const fault = found === undefined ? 'is missing' : `has shape [${found.shape}], not [${shape}]`;
      throw weightsError(`${what} ${name} ${fault}`, {
        at: source.file,
        remedy: 'the file belongs to another recipe; use the config.yaml of its run',
      });
    }
    tensors[name] = await source.read(name);
  }
  return tensors;
}
