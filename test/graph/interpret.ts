/**
 * Runs a graph node by node on tfjs's cpu backend: the reference that passes and runtimes are held against. 16-bit values
 * are float32 numbers, rounded after each node.
 */
import type { Graph, GraphDType, Node, Value } from '../../src/graph/graph.ts';
import { kernelOf } from '../../src/graph/kernels/index.ts';
import type { ClusterAttributes } from '../../src/graph/passes/clusters.ts';
import { float32, type HostTensor, type HostTensors, int32 } from '../../src/tensor/host.ts';
import { type Tensor, tf } from '../../src/tensor/tf.ts';

export interface Interpreted {
  readonly changed: HostTensors;
  readonly outputs: HostTensors;
}

export async function interpret(graph: Graph, state: HostTensors, inputs: HostTensors): Promise<Interpreted> {
  await tf.setBackend('cpu');
  tf.engine().startScope();
  const values = new Map<Value, Tensor>();
  for (const [name, of] of graph.state) values.set(of, rounded(upload(state[name] as HostTensor), of.dtype));
  for (const [name, of] of graph.inputs) values.set(of, upload(inputs[name] as HostTensor));
  run(graph, values);
  const fetched = (named: ReadonlyMap<string, Value>): HostTensors =>
    Object.fromEntries([...named].map(([name, of]) => [name, download(known(values, of), of.dtype)]));
  const result = { changed: fetched(graph.changed), outputs: fetched(graph.outputs) };
  tf.engine().endScope();
  return result;
}

function run(graph: Graph, values: Map<Value, Tensor>): void {
  for (const [of, data] of graph.constants) values.set(of, tf.tensor(data, [...of.shape], tfjsType(of.dtype)));
  for (const node of graph.nodes) {
    for (const waited of node.after ?? []) known(values, waited);
    const inputs = node.inputs.map((input) => known(values, input));
    const made = node.kernel === 'Cluster' ? cluster(node, inputs) : compute(node, inputs);
    node.outputs.forEach((output, i) => {
      const tensor = made[i] as Tensor;
      if (`${tensor.shape}` !== `${output.shape}` || tensor.dtype !== tfjsType(output.dtype)) {
        throw new TypeError(
          `${node.kernel} makes ${tensor.dtype} [${tensor.shape}], and the table says ${output.dtype} [${output.shape}]`,
        );
      }
      values.set(output, rounded(tensor, output.dtype));
    });
  }
}

function cluster(node: Node, inputs: readonly Tensor[]): Tensor[] {
  const { body } = node.attributes as unknown as ClusterAttributes;
  const inside = new Map([...body.inputs.values()].map((input, i) => [input, inputs[i] as Tensor]));
  run(body, inside);
  return [...body.outputs.values()].map((output) => known(inside, output));
}

function compute(node: Node, inputs: readonly Tensor[]): Tensor[] {
  const { kernel, attributes } = node;
  if (kernel === 'Attention' || kernel === 'BiasedAttention') return attention(inputs);
  if (kernel === 'AttentionGradient' || kernel === 'BiasedAttentionGradient') return attentionGradient(inputs);
  // A kernel that tfjs does not have on its cpu backend.
  if (kernel === 'BroadcastTo') return [tf.mul(inputs[0] as Tensor, tf.ones(attributes.shape as number[]))];
  const names = kernelOf(kernel).inputs;
  const given = names === 'list' ? inputs : Object.fromEntries(names.map((name, i) => [name, inputs[i] as Tensor]));
  const { dtype } = attributes as { dtype?: GraphDType };
  const attrs = dtype === undefined ? attributes : { ...attributes, dtype: tfjsType(dtype) };
  const made = tf.engine().runKernel(kernel, given as never, attrs as never) as Tensor | Tensor[];
  return Array.isArray(made) ? made : [made];
}

function attention(inputs: readonly Tensor[]): Tensor[] {
  const [q, k, v, bias] = inputs as [Tensor, Tensor, Tensor, Tensor?];
  const scores = tf.matMul(q, k, false, true);
  return [tf.matMul(tf.softmax(bias === undefined ? scores : tf.add(scores, bias)), v)];
}

/** By tfjs's own autodiff. */
function attentionGradient(inputs: readonly Tensor[]): Tensor[] {
  const given = inputs.slice(0, -2);
  return tf.grads((...tensors) => attention(tensors)[0] as Tensor)(given, inputs.at(-1) as Tensor);
}

const tfjsType = (dtype: GraphDType): 'float32' | 'int32' | 'bool' =>
  dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';

function known(values: ReadonlyMap<Value, Tensor>, of: Value): Tensor {
  const tensor = values.get(of);
  if (tensor === undefined) throw new TypeError(`a value [${of.shape}] is used before it is made`);
  return tensor;
}

const upload = ({ shape, dtype, data }: HostTensor): Tensor =>
  tf.tensor(dtype === 'uint8' ? Float32Array.from(data) : data, [...shape], dtype === 'int32' ? 'int32' : 'float32');

function download(tensor: Tensor, dtype: GraphDType): HostTensor {
  const data = tensor.dataSync();
  return dtype === 'int32'
    ? int32(tensor.shape, Int32Array.from(data))
    : float32(tensor.shape, Float32Array.from(data));
}

function rounded(tensor: Tensor, dtype: GraphDType): Tensor {
  if (dtype !== 'bfloat16' && dtype !== 'float16') return tensor;
  const round = dtype === 'bfloat16' ? toBfloat16 : toFloat16;
  return tf.tensor(Float32Array.from(tensor.dataSync(), round), tensor.shape, 'float32');
}

const bits = new Uint32Array(1);
const number = new Float32Array(bits.buffer);
/** To the nearest number with 8 significant bits, ties to even. */
export function toBfloat16(x: number): number {
  number[0] = x;
  const word = bits[0] as number;
  bits[0] = (word + 0x7fff + ((word >>> 16) & 1)) & 0xffff0000;
  return number[0] as number;
}

/** To the nearest number with 11 significant bits, down to 2^-24. */
export function toFloat16(x: number): number {
  const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(x) || 1)));
  const unit = 2 ** (exponent - 10);
  const scaled = x / unit;
  const floor = Math.floor(scaled);
  const up = scaled - floor > 0.5 || (scaled - floor === 0.5 && floor % 2 !== 0);
  const result = (up ? floor + 1 : floor) * unit;
  return Math.abs(result) > 65504 ? Math.sign(result) * Number.POSITIVE_INFINITY : result;
}
