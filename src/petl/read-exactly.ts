import { weightsError } from '../errors/index.ts';
import type { SafetensorsFile } from '../formats/safetensors.ts';
import type { HostTensors } from '../tensor/host.ts';
import type { ParameterSpec } from '../tensor/parameters.ts';

/**
 * The tensors of these names and shapes from a run's own file.
 * @param what what the file holds, for the message: `tuned weight`, `checkpoint tensor`
 * @throws PetlVideoError (weights) when one is missing or has another shape, or the file holds more
 */
export async function readExactly(
  source: SafetensorsFile,
  specs: readonly Pick<ParameterSpec, 'name' | 'shape'>[],
  what: string,
): Promise<HostTensors> {
  const misfit = (name: string, fault: string): Error =>
    weightsError(`${what} ${name} ${fault}`, {
      at: source.file,
      remedy: 'the file belongs to another recipe; use the config.yaml of its run',
    });
  const tensors: HostTensors = {};
  for (const { name, shape } of specs) {
    const found = source.specs.get(name);
    if (found === undefined) throw misfit(name, 'is missing');
    if (`${found.shape}` !== `${shape}`) throw misfit(name, `has shape [${found.shape}], not [${shape}]`);
    tensors[name] = await source.read(name);
  }
  for (const name of source.specs.keys()) {
    if (!(name in tensors)) throw misfit(name, 'is in the file, but the model has no place for it');
  }
  return tensors;
}
