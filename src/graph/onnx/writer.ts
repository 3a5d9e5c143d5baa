/** What kernels write their ONNX nodes through: names for what they make, one constant for equal ones. */
import { toBfloat16, toFloat16 } from '../../formats/narrow-floats.ts';
import { bytesOf } from '../../formats/view-bytes.ts';
import type { GraphDType } from '../graph.ts';
import type { OnnxAttribute, OnnxWriter, Ref } from '../kernels/kernel.ts';
import { ELEMENT_TYPES, type OnnxDType, type OnnxNode, type StoredTensor } from './protocol.ts';

/** Operators of onnxruntime that ONNX lacks. */
export const MICROSOFT = 'com.microsoft';

export interface OpenModel extends OnnxWriter {
  readonly written: readonly OnnxNode[];
  readonly stored: readonly StoredTensor[];
  /** Nodes from now on are named after this place: `blocks.3/Softmax_12`. */
  enter(place: string): void;
  /** A name that nothing else has. */
  fresh(stem: string): Ref;
  /** A node with outputs of these names. */
  place(op: string, inputs: readonly Ref[], outputs: readonly Ref[], attributes?: OnnxNode['attributes']): void;
  store(tensor: StoredTensor): Ref;
}

const NO_ATTRIBUTES = {};

export function openModel(): OpenModel {
  const written: OnnxNode[] = [];
  const stored: StoredTensor[] = [];
  const constants = new Map<string, Ref>();
  let place = '';
  let count = 0;
  const fresh = (stem: string): Ref => `${stem}_${count++}`;
  const constant = (shape: readonly number[], dtype: OnnxDType, data: Uint8Array): Ref => {
    const key = `${dtype}[${shape}]${Buffer.from(data).toString('latin1')}`;
    const known = constants.get(key);
    if (known !== undefined) return known;
    const name = fresh('constant');
    stored.push({ name, shape, dtype, data });
    constants.set(key, name);
    return name;
  };
  const nodes = (
    op: string,
    inputs: readonly Ref[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: number,
  ): Ref[] => {
    const name = fresh(place === '' ? op : `${place}/${op}`);
    const made = Array.from({ length: outputs }, (_, i) => (outputs === 1 ? `${name}:` : `${name}:${i}`));
    written.push({ name, op, domain: '', inputs, outputs: made, attributes });
    return made;
  };
  return {
    written,
    stored,
    enter: (next) => {
      place = next;
    },
    fresh,
    place: (op, inputs, outputs, attributes = NO_ATTRIBUTES) => {
      written.push({ name: fresh(op), op, domain: '', inputs, outputs, attributes });
    },
    store: (tensor) => {
      stored.push(tensor);
      return tensor.name;
    },
    node: (op, inputs, attributes = NO_ATTRIBUTES) => nodes(op, inputs, attributes, 1)[0] as Ref,
    nodes,
    int64s: (values) => constant([values.length], 'int64', bytesOf(BigInt64Array.from(values, (n) => BigInt(n)))),
    scalar: (value, dtype) => constant([], dtype, scalarBytes(value, dtype)),
    dtype: (dtype) => ELEMENT_TYPES[dtype],
  };
}

function scalarBytes(value: number, dtype: GraphDType): Uint8Array {
  switch (dtype) {
    case 'float32':
      return bytesOf(Float32Array.of(value));
    case 'int32':
      return bytesOf(Int32Array.of(value));
    case 'bool':
    case 'uint8':
      return Uint8Array.of(value);
    case 'float16':
      return bytesOf(toFloat16(Float32Array.of(value)));
    case 'bfloat16':
      return bytesOf(toBfloat16(Float32Array.of(value)));
  }
}
