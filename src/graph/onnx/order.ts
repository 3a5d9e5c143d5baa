/**
 * ONNX has no way to say "not before": onnxruntime orders nodes by what they need alone, and merges those that compute
 * the same of the same. So a node that must wait is given its inputs by a node that needs what it waits for, and hands
 * them on unchanged whatever that is: `Where(IsNaN(first element of it), x, x)`. No optimiser of onnxruntime sees that
 * both ways are one, and no number changes, be it NaN.
 */
import type { Node, Value } from '../graph.ts';
import type { OnnxWriter, Ref } from '../kernels/kernel.ts';

/** @returns what a node is to be given in place of its input `ref` */
export function holdBack(
  write: OnnxWriter,
  makers: ReadonlyMap<Value, Node>,
): (node: Node, input: Value, ref: Ref, refOf: (value: Value) => Ref) => Ref {
  const held = new Map<string, Ref>();
  const waits = (maker: Node | undefined, after: readonly Value[]): boolean =>
    maker?.after !== undefined && after.every((value) => maker.after?.includes(value));
  return (node, input, ref, refOf) => {
    const after = node.after ?? [];
    if (after.length === 0) return ref;
    // What waited already needs no second wait. What no node makes is there from the start, and waits where it is alone.
    const maker = makers.get(input);
    const alone = node.inputs.every((other) => !makers.has(other)) && node.inputs[0] === input;
    if (waits(maker, after) || (maker === undefined && !alone)) return ref;
    return after.reduce((x, value) => {
      const key = `${x}\n${refOf(value)}`;
      const known = held.get(key) ?? passThrough(write, x, refOf(value), value);
      held.set(key, known);
      return known;
    }, ref);
  };
}

function passThrough(write: OnnxWriter, x: Ref, awaited: Ref, { dtype }: Value): Ref {
  const first = write.node('Gather', [write.node('Reshape', [awaited, write.int64s([-1])]), write.scalar(0, 'int32')]);
  const number = dtype === 'float32' ? first : write.node('Cast', [first], { to: write.dtype('float32') });
  return write.node('Where', [write.node('IsNaN', [number]), x, x]);
}
