/**
 * State in buffers of a graphics card, through WebGPU. Everything that moves between host and device does so as input or
 * output of a model that does nothing else: onnxruntime-node has no other way up, and its way down (`getData`) ends the
 * process.
 */
import { ELEMENT_TYPES, encodeModel } from '../graph/onnx/protocol.ts';
import { type HostTensor, zeros } from '../tensor/host.ts';
import type { StateSpecs } from './engine.ts';
import {
  type Library,
  type NativeSession,
  type NativeTensor,
  openModel,
  type Placement,
} from './onnxruntime-library.ts';
import type { KeptType, StateStore } from './onnxruntime-state.ts';

/** From the host in the type of the specification; on the device in another, perhaps; and down again. */
type Way = `${KeptType} to ${KeptType} on the ${'host' | 'device'}`;

export function deviceState(library: Library, place: Placement, specs: StateSpecs): StateStore {
  const held = new Map<string, NativeTensor>();
  const movers = new Map<Way, Promise<NativeSession>>();
  const specOf = (name: string): { shape: readonly number[]; dtype: 'float32' | 'int32' } => {
    const { shape, dtype } = specs[name] as StateSpecs[string];
    return { shape, dtype: dtype === 'int32' ? 'int32' : 'float32' };
  };
  const moved = async (from: NativeTensor, to: KeptType, where: 'host' | 'device'): Promise<NativeTensor> => {
    const way: Way = `${from.type as KeptType} to ${to} on the ${where}`;
    const opened = movers.get(way) ?? openMover(library, place, from.type as KeptType, to, where);
    movers.set(way, opened);
    const { y } = await (await opened).run({ x: from }, ['y']);
    return y as NativeTensor;
  };
  const set = (name: string, tensor: NativeTensor): void => {
    held.get(name)?.dispose();
    held.set(name, tensor);
  };
  const upload = async (name: string, { dtype, data, shape }: HostTensor): Promise<NativeTensor> => {
    const up = await moved(new library.Tensor(dtype, data, shape), specOf(name).dtype, 'device');
    set(name, up);
    return up;
  };
  const inPlace = async (name: string): Promise<NativeTensor> => {
    const { shape, dtype } = specOf(name);
    return held.get(name) ?? upload(name, zeros(shape, dtype));
  };
  return {
    async current(name, dtype) {
      const known = await inPlace(name);
      if (known.type === dtype) return known;
      const converted = await moved(known, dtype, 'device');
      set(name, converted);
      return converted;
    },
    target: () => null,
    accept(changed) {
      for (const [name, tensor] of changed) set(name, tensor);
    },
    async load(name, tensor) {
      await upload(name, tensor);
    },
    async read(name) {
      const { shape, dtype } = specOf(name);
      const down = await moved(await inPlace(name), dtype, 'host');
      return { shape, dtype, data: down.data as Float32Array | Int32Array };
    },
    async dispose() {
      for (const tensor of held.values()) tensor.dispose();
      held.clear();
      for (const mover of movers.values()) await (await mover).release();
      movers.clear();
    },
  };
}

function openMover(
  library: Library,
  place: Placement,
  from: KeptType,
  to: KeptType,
  where: 'host' | 'device',
): Promise<NativeSession> {
  const model = encodeModel({
    name: 'move',
    nodes: [
      {
        name: 'move',
        domain: '',
        inputs: ['x'],
        outputs: ['y'],
        ...(from === to ? { op: 'Identity', attributes: {} } : { op: 'Cast', attributes: { to: ELEMENT_TYPES[to] } }),
      },
    ],
    stored: [],
    inputs: [{ name: 'x', dtype: from }],
    outputs: [{ name: 'y', dtype: to }],
    metadata: {},
  });
  return openModel(library, place, { what: 'the state', model, onDevice: where === 'device' ? ['y'] : [] });
}
