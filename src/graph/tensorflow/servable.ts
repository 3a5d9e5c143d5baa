/**
 * A SavedModel for others to serve: one step without state that changes, its weights as constants, and the signature
 * `serving_default` that names inputs and outputs. Python's TensorFlow loads it with `tf.saved_model.load`.
 */
import type { Message } from '../../formats/protobuf.ts';
import type { HostTensor } from '../../tensor/host.ts';
import type { Graph, Value } from '../graph.ts';
import { functionLibrary } from './functions.ts';
import { type Refs, refTo, writeNodes } from './nodes.ts';
import { graphDef, type Signature, type SignatureTensor, savedModel } from './protocol.ts';
import { hostType } from './steps.ts';
import { writeCast } from './variables.ts';
import { nodeWriter } from './writer.ts';

export interface ServableOptions {
  /** In the order in which the constants are written. @throws what it likes for a weight that is not there */
  weight(name: string): HostTensor;
}

/** A message of Protocol Buffers can hold no more. */
const MOST_BYTES = 2 ** 31 - 1;

/**
 * @param graph its inputs and outputs give the signature its names
 * @returns the pieces of saved_model.pb, to be written one after the other; weights are among them uncopied
 * @throws TypeError for a step that changes state, RangeError when the file would be larger than the format allows
 */
export function emitServable(graph: Graph, { weight }: ServableOptions): Message {
  const [changed] = graph.changed.keys();
  if (changed !== undefined) throw new TypeError(`a step that changes ${changed} cannot be served`);
  const writer = nodeWriter('graph', 'model/');
  const library = functionLibrary();
  const refs: Refs = new Map();
  const inputs: Record<string, SignatureTensor> = {};
  for (const [name, value] of graph.inputs) {
    const { shape, dtype } = value;
    const ref = writer.named(`input_${nodeName(name)}`, 'Placeholder', [], {
      dtype: { type: dtype },
      shape: { shape },
    });
    refs.set(value, ref);
    inputs[name] = { ref: `${ref}:0`, shape, dtype };
  }
  for (const [name, value] of graph.state) {
    const { shape, data, dtype } = fitting(name, weight(name), value);
    const ref = writer.named(`weights/${nodeName(name)}`, 'Const', [], {
      dtype: { type: dtype },
      value: { tensor: { shape, dtype, data } },
    });
    refs.set(value, writeCast(writer, ref, dtype, value.dtype));
  }
  writeNodes(writer, graph, refs, library);
  const outputs: Record<string, SignatureTensor> = {};
  for (const [name, value] of graph.outputs) {
    const dtype = hostType(value);
    const result = writeCast(writer, refTo(refs, value), value.dtype, dtype);
    const ref = writer.named(`output_${nodeName(name)}`, 'Identity', [result], { T: { type: dtype } });
    outputs[name] = { ref: `${ref}:0`, shape: value.shape, dtype };
  }
  const signature: Signature = { inputs, outputs };
  const pieces = savedModel(graphDef(writer.written, library.functions), 'serve', { serving_default: signature });
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (bytes > MOST_BYTES) throw new RangeError(`a SavedModel of ${bytes} bytes: it can hold ${MOST_BYTES}`);
  return pieces;
}

const nodeName = (name: string): string => name.replace(/[^\w.-]/g, '_');

function fitting(name: string, tensor: HostTensor, { shape }: Value): HostTensor {
  if (`${tensor.shape}` === `${shape}`) return tensor;
  throw new TypeError(`weight ${name} is [${tensor.shape}], and the step reads [${shape}]`);
}
