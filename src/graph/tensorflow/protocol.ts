/**
 * The messages of a TensorFlow SavedModel, as far as graphs need them (tensorflow/core/framework/*.proto and
 * core/protobuf/{meta_graph,saved_model}.proto, whose field numbers stand here).
 */
import { delimited, float, type Message, varint } from '../../formats/protobuf.ts';
import { bytesOf } from '../../formats/view-bytes.ts';
import type { ConstantData, GraphDType } from '../graph.ts';
import type { TensorflowAttribute } from '../kernels/kernel.ts';

export type TensorflowDType = GraphDType | 'int64' | 'resource';

/** types.proto. */
const DTYPES: Readonly<Record<TensorflowDType, number>> = {
  float32: 1,
  int32: 3,
  uint8: 4,
  int64: 9,
  bool: 10,
  bfloat16: 14,
  float16: 19,
  resource: 20,
};

/** What a node may say of itself, beyond what kernels need. */
export type NodeAttribute =
  | TensorflowAttribute
  | { readonly tensor: ConstantTensor }
  | { readonly types: readonly TensorflowDType[] }
  | { readonly function: string };
export type NodeAttributes = Readonly<Record<string, NodeAttribute>>;

export interface ConstantTensor {
  readonly shape: readonly number[];
  readonly dtype: GraphDType;
  readonly data: ConstantData;
}

/** An argument of a function. */
export interface Argument {
  readonly name: string;
  readonly dtype: TensorflowDType;
}

/** A value of the graph, as a signature names it. */
export interface SignatureTensor {
  readonly ref: string;
  readonly shape: readonly number[];
  readonly dtype: GraphDType;
}
export interface Signature {
  readonly inputs: Readonly<Record<string, SignatureTensor>>;
  readonly outputs: Readonly<Record<string, SignatureTensor>>;
}

const join = (...fields: readonly Message[]): Message => fields.flat();
const each = <T>(items: readonly T[], field: (item: T) => Message): Message => items.flatMap(field);

/** An entry of a map field. */
const entry = (field: number, key: string, value: string | Message): Message =>
  delimited(field, join(delimited(1, key), delimited(2, value)));

const shapeProto = (shape: readonly number[]): Message => each(shape, (extent) => delimited(2, varint(1, extent)));

function attributeValue(attribute: NodeAttribute): Message {
  if ('type' in attribute) return varint(6, DTYPES[attribute.type]);
  if ('bool' in attribute) return varint(5, attribute.bool ? 1 : 0);
  if ('int' in attribute) return varint(3, attribute.int);
  if ('float' in attribute) return float(4, attribute.float);
  if ('text' in attribute) return delimited(2, attribute.text);
  if ('shape' in attribute) return delimited(7, shapeProto(attribute.shape));
  if ('ints' in attribute)
    return delimited(
      1,
      each(attribute.ints, (int) => varint(3, int)),
    );
  if ('types' in attribute)
    return delimited(
      1,
      each(attribute.types, (type) => varint(6, DTYPES[type])),
    );
  if ('function' in attribute) return delimited(10, delimited(1, attribute.function));
  const { dtype, shape, data } = attribute.tensor;
  return delimited(8, join(varint(1, DTYPES[dtype]), delimited(2, shapeProto(shape)), delimited(4, bytesOf(data))));
}

/** A NodeDef. */
export function nodeDef(name: string, op: string, inputs: readonly string[], attributes: NodeAttributes): Message {
  return join(
    delimited(1, name),
    delimited(2, op),
    each(inputs, (input) => delimited(3, input)),
    each(Object.entries(attributes), ([key, attribute]) => entry(5, key, attributeValue(attribute))),
  );
}

/** @param outputs each with the reference inside the function that it returns */
export function functionDef(
  name: string,
  inputs: readonly Argument[],
  outputs: readonly (Argument & { readonly ref: string })[],
  nodes: readonly Message[],
): Message {
  const argument = (of: Argument): Message => join(delimited(1, of.name), varint(3, DTYPES[of.dtype]));
  const signature = join(
    delimited(1, name),
    each(inputs, (input) => delimited(2, argument(input))),
    each(outputs, (output) => delimited(3, argument(output))),
    // is_stateful: steps change variables, and where none is changed it costs nothing.
    varint(17, 1),
  );
  return join(
    delimited(1, signature),
    each(nodes, (node) => delimited(3, node)),
    each(outputs, (output) => entry(4, output.name, output.ref)),
  );
}

/** A GraphDef; the version is that of a TensorFlow which leaves no attribute unknown to those that read it. */
export function graphDef(nodes: readonly Message[], functions: readonly Message[]): Message {
  const versions = join(varint(1, PRODUCER), varint(2, OLDEST_CONSUMER));
  return join(
    each(nodes, (node) => delimited(1, node)),
    delimited(
      2,
      each(functions, (definition) => delimited(1, definition)),
    ),
    delimited(4, versions),
  );
}
const PRODUCER = 1882;
const OLDEST_CONSUMER = 12;

/** saved_model.pb with one graph, in pieces: what is large in it is nowhere copied. */
export function savedModel(graph: Message, tag: string, signatures: Readonly<Record<string, Signature>> = {}): Message {
  const tensors = (field: number, of: Signature['inputs']): Message =>
    each(Object.entries(of), ([name, { ref, dtype, shape }]) =>
      entry(field, name, join(delimited(1, ref), varint(2, DTYPES[dtype]), delimited(3, shapeProto(shape)))),
    );
  const metaGraph = join(
    delimited(1, delimited(4, tag)),
    delimited(2, graph),
    each(Object.entries(signatures), ([name, { inputs, outputs }]) =>
      entry(5, name, join(tensors(1, inputs), tensors(2, outputs), delimited(3, 'tensorflow/serving/predict'))),
    ),
  );
  return join(varint(1, 1), delimited(2, metaGraph));
}
