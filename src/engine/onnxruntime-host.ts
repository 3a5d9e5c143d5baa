/**
 * State in host memory. onnxruntime reads and writes it in place; what changes has two buffers, of which each run reads
 * the one and writes the other, so that no run allocates.
 */
import { fromFloat16, toFloat16 } from '../formats/narrow-floats.ts';
import { sizeOf } from '../tensor/host.ts';
import type { StateSpecs } from './engine.ts';
import type { Library, NativeTensor } from './onnxruntime-library.ts';
import type { KeptType, StateStore } from './onnxruntime-state.ts';

interface Kept {
  readonly dtype: KeptType;
  readonly data: Float32Array | Int32Array | Uint16Array;
  readonly tensor: NativeTensor;
}

export function hostState(library: Library, specs: StateSpecs): StateStore {
  const held = new Map<string, Kept>();
  const spare = new Map<string, Kept>();
  const specOf = (name: string): StateSpecs[string] => specs[name] as StateSpecs[string];
  const kept = (name: string, dtype: KeptType, data: Kept['data']): Kept => ({
    dtype,
    data,
    tensor: new library.Tensor(dtype, data, specOf(name).shape),
  });
  /** The system hands out the pages of zeros when they are touched. */
  const inPlace = (place: Map<string, Kept>, name: string): Kept => {
    const known = place.get(name);
    if (known !== undefined) return known;
    const { shape, dtype } = specOf(name);
    const size = sizeOf(shape);
    const made =
      dtype === 'int32' ? kept(name, dtype, new Int32Array(size)) : kept(name, 'float32', new Float32Array(size));
    place.set(name, made);
    return made;
  };
  return {
    async current(name, dtype) {
      const known = inPlace(held, name);
      if (known.dtype === dtype) return known.tensor;
      const data = known.data instanceof Uint16Array ? fromFloat16(known.data) : toFloat16(known.data as Float32Array);
      const converted = kept(name, dtype, data);
      held.set(name, converted);
      return converted.tensor;
    },
    target: (name) => inPlace(spare, name).tensor,
    accept(changed) {
      for (const [name] of changed) {
        const [before, after] = [inPlace(held, name), inPlace(spare, name)];
        held.set(name, after);
        spare.set(name, before);
      }
    },
    async load(name, { data }) {
      if (held.get(name)?.dtype === 'float16') held.delete(name);
      inPlace(held, name).data.set(data);
    },
    async read(name) {
      const { data } = inPlace(held, name);
      const { shape, dtype } = specOf(name);
      return { shape, dtype, data: data instanceof Uint16Array ? fromFloat16(data) : data.slice() };
    },
    async dispose() {
      held.clear();
      spare.clear();
    },
  };
}
