/** The messages of an ONNX file (onnx/onnx.proto, whose field numbers stand here), as far as graphs need them. */
import { delimited, encode, float, type Message, varint } from '../../formats/protobuf.ts';
import type { GraphDType } from '../graph.ts';
import type { OnnxAttribute } from '../kernels/kernel.ts';

export type OnnxDType = GraphDType | 'int64';

/** TensorProto.DataType. */
export const ELEMENT_TYPES: Readonly<Record<OnnxDType, number>> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, text: 3, ints: 7 };

/** TensorProto.DataLocation. */
const EXTERNAL = 1;

/** ONNX 1.15, which defines opset 20; runtimes read older files, and seldom newer ones. */
const IR_VERSION = 9;
const OPSET = 20;

export interface TensorSignature {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: OnnxDType;
}

/** Little-endian bytes, row-major; in the file itself or in another beside it. */
export interface StoredTensor extends TensorSignature {
  readonly data: Uint8Array | { readonly file: string; readonly offset: number; readonly length: number };
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** Empty for the operators of ONNX, else whose they are. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** Of an input or output whose shape is left open. */
export type OpenSignature = Omit<TensorSignature, 'shape'>;

export interface OnnxModel {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly stored: readonly StoredTensor[];
  readonly inputs: readonly (TensorSignature | OpenSignature)[];
  readonly outputs: readonly (TensorSignature | OpenSignature)[];
  readonly metadata: Readonly<Record<string, string>>;
}

const all = <T>(items: readonly T[], write: (item: T) => Message): Message => items.flatMap(write);

/** @throws RangeError beyond 2 GB, where Protocol Buffers end: weights go into a file of their own then */
export function encodeModel({ name, nodes, stored, inputs, outputs, metadata }: OnnxModel): Uint8Array {
  const graph: Message = [
    ...all(nodes, (node) => delimited(1, nodeProto(node))),
    ...delimited(2, name),
    ...all(stored, (tensor) => delimited(5, tensorProto(tensor))),
    ...all(inputs, (input) => delimited(11, valueInfo(input))),
    ...all(outputs, (output) => delimited(12, valueInfo(output))),
  ];
  const domains = new Set(['', ...nodes.map(({ domain }) => domain)]);
  return encode(
    varint(1, IR_VERSION),
    delimited(2, 'petl-video'),
    delimited(7, graph),
    all([...domains], (domain) => delimited(8, [...delimited(1, domain), ...varint(2, domain === '' ? OPSET : 1)])),
    all(Object.entries(metadata), ([key, value]) => delimited(14, keyAndValue(key, value))),
  );
}

function nodeProto({ name, op, domain, inputs, outputs, attributes }: OnnxNode): Message {
  return [
    ...all(inputs, (input) => delimited(1, input)),
    ...all(outputs, (output) => delimited(2, output)),
    ...delimited(3, name),
    ...delimited(4, op),
    ...all(Object.entries(attributes), ([key, value]) => delimited(5, [...delimited(1, key), ...attribute(value)])),
    ...(domain === '' ? [] : delimited(7, domain)),
  ];
}

function attribute(value: OnnxAttribute): Message {
  if (typeof value === 'number') return [...varint(3, value), ...varint(20, ATTRIBUTE_TYPES.int)];
  if ('float' in value) return [...float(2, value.float), ...varint(20, ATTRIBUTE_TYPES.float)];
  if ('text' in value) return [...delimited(4, value.text), ...varint(20, ATTRIBUTE_TYPES.text)];
  return [...all(value, (item) => varint(8, item)), ...varint(20, ATTRIBUTE_TYPES.ints)];
}

function tensorProto({ name, shape, dtype, data }: StoredTensor): Message {
  const head = [
    ...all(shape, (extent) => varint(1, extent)),
    ...varint(2, ELEMENT_TYPES[dtype]),
    ...delimited(8, name),
  ];
  if (data instanceof Uint8Array) return [...head, ...delimited(9, data)];
  const place = { location: data.file, offset: `${data.offset}`, length: `${data.length}` };
  const entries = all(Object.entries(place), ([key, value]) => delimited(13, keyAndValue(key, value)));
  return [...head, ...entries, ...varint(14, EXTERNAL)];
}

function valueInfo(signature: TensorSignature | OpenSignature): Message {
  const element = varint(1, ELEMENT_TYPES[signature.dtype]);
  const shape = 'shape' in signature ? all(signature.shape, (extent) => delimited(1, varint(1, extent))) : undefined;
  const tensor = shape === undefined ? element : [...element, ...delimited(2, shape)];
  return [...delimited(1, signature.name), ...delimited(2, delimited(1, tensor))];
}

const keyAndValue = (key: string, value: string): Message => [...delimited(1, key), ...delimited(2, value)];
