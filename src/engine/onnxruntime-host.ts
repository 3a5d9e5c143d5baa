/**
 * State in host memory. onnxruntime reads and writes it in place; what changes has two buffers, of which each run reads
 * the one and writes the other, so that no run allocates.
 */
import { type HostTensor, zeros } from '../tensor/host.ts';
import type { StateSpecs } from './engine.ts';
import type { Library, NativeTensor } from './onnxruntime-library.ts';
import type { StateStore } from './onnxruntime-state.ts';

interface Buffer {
  readonly host: HostTensor;
  readonly tensor: NativeTensor;
}

export function hostState(library: Library, specs: StateSpecs): StateStore {
  const held = new Map<string, Buffer>();
  const spare = new Map<string, Buffer>();
  /** Zero until loaded; the system hands out the pages of zeros when they are touched. */
  const bufferIn = (place: Map<string, Buffer>, name: string): Buffer => {
    const known = place.get(name);
    if (known !== undefined) return known;
    const { shape, dtype } = specs[name] as StateSpecs[string];
    const host = zeros(shape, dtype);
    const made = { host, tensor: new library.Tensor(dtype, host.data, shape) };
    place.set(name, made);
    return made;
  };
  return {
    current: (name) => bufferIn(held, name).tensor,
    target: (name) => bufferIn(spare, name).tensor,
    accept(changed) {
      for (const [name] of changed) {
        const [before, after] = [bufferIn(held, name), bufferIn(spare, name)];
        held.set(name, after);
        spare.set(name, before);
      }
    },
    async load(name, { data }) {
      bufferIn(held, name).host.data.set(data);
    },
    async read(name) {
      const { shape, dtype, data } = bufferIn(held, name).host;
      return { shape, dtype, data: data.slice() };
    },
    dispose() {
      held.clear();
      spare.clear();
    },
  };
}
