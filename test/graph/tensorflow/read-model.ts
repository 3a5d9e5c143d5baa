/** Reads a model with TensorFlow.js's own reader of the messages, which knows nothing of ours. */
import { createRequire } from 'node:module';

export interface ReadNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** Name → AttrValue. */
  readonly attributes: ReadonlyMap<string, AttrValue>;
}
export interface AttrValue {
  getType(): number;
  getB(): boolean;
  getI(): number;
  getS_asU8(): Uint8Array;
  getFunc(): { getName(): string } | undefined;
  getShape(): { getDimList(): { getSize(): number }[] } | undefined;
  getTensor(): { getDtype(): number; getTensorContent_asU8(): Uint8Array } | undefined;
  getList(): { getIList(): number[]; getTypeList(): number[] } | undefined;
}
export interface ReadFunction {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly ReadNode[];
  readonly returned: ReadonlyMap<string, string>;
}
export interface ReadSignature {
  readonly method: string;
  /** Name → node and output, number of the type, shape. */
  readonly inputs: ReadonlyMap<string, readonly [string, number, readonly number[]]>;
  readonly outputs: ReadonlyMap<string, readonly [string, number, readonly number[]]>;
}
export interface ReadModel {
  readonly tags: readonly string[];
  readonly signatures: ReadonlyMap<string, ReadSignature>;
  readonly nodes: ReadonlyMap<string, ReadNode>;
  readonly functions: readonly ReadFunction[];
}

interface Entries<T> {
  forEach(each: (value: T, key: string) => void): void;
}
interface RawNode {
  getName(): string;
  getOp(): string;
  getInputList(): string[];
  getAttrMap(): Entries<AttrValue>;
}
interface RawArgument {
  getName(): string;
}
interface RawFunction {
  getSignature(): { getName(): string; getInputArgList(): RawArgument[]; getOutputArgList(): RawArgument[] };
  getNodeDefList(): RawNode[];
  getRetMap(): Entries<string>;
}
interface RawGraph {
  getNodeList(): RawNode[];
  getLibrary(): { getFunctionList(): RawFunction[] };
}
interface RawTensorInfo {
  getName(): string;
  getDtype(): number;
  getTensorShape(): { getDimList(): { getSize(): number }[] };
}
interface RawSignature {
  getMethodName(): string;
  getInputsMap(): Entries<RawTensorInfo>;
  getOutputsMap(): Entries<RawTensorInfo>;
}
interface RawModel {
  getMetaGraphsList(): {
    getMetaInfoDef(): { getTagsList(): string[] };
    getGraphDef(): RawGraph;
    getSignatureDefMap(): Entries<RawSignature>;
  }[];
}

const { SavedModel } = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js') as {
  SavedModel: { deserializeBinary(bytes: Uint8Array): RawModel };
};

const mapOf = <T>(entries: Entries<T>): Map<string, T> => {
  const map = new Map<string, T>();
  entries.forEach((value, key) => {
    map.set(key, value);
  });
  return map;
};
const nodeOf = (raw: RawNode): ReadNode => ({
  name: raw.getName(),
  op: raw.getOp(),
  inputs: raw.getInputList(),
  attributes: mapOf(raw.getAttrMap()),
});

const tensorsOf = (entries: Entries<RawTensorInfo>): ReadSignature['inputs'] =>
  new Map(
    [...mapOf(entries)].map(([name, info]) => {
      const shape = info
        .getTensorShape()
        .getDimList()
        .map((dim) => dim.getSize());
      return [name, [info.getName(), info.getDtype(), shape]];
    }),
  );

export function readModel(file: Uint8Array): ReadModel {
  const [only] = SavedModel.deserializeBinary(file).getMetaGraphsList();
  if (only === undefined) throw new TypeError('a model without a graph');
  const graph = only.getGraphDef();
  return {
    tags: only.getMetaInfoDef().getTagsList(),
    signatures: new Map(
      [...mapOf(only.getSignatureDefMap())].map(([name, raw]) => [
        name,
        {
          method: raw.getMethodName(),
          inputs: tensorsOf(raw.getInputsMap()),
          outputs: tensorsOf(raw.getOutputsMap()),
        },
      ]),
    ),
    nodes: new Map(graph.getNodeList().map((raw) => [raw.getName(), nodeOf(raw)])),
    functions: graph
      .getLibrary()
      .getFunctionList()
      .map((raw) => ({
        name: raw.getSignature().getName(),
        inputs: raw
          .getSignature()
          .getInputArgList()
          .map((argument) => argument.getName()),
        outputs: raw
          .getSignature()
          .getOutputArgList()
          .map((argument) => argument.getName()),
        nodes: raw.getNodeDefList().map(nodeOf),
        returned: mapOf(raw.getRetMap()),
      })),
  };
}

/** The nodes that a fetch of `ref` runs. */
export function reached({ nodes }: ReadModel, ref: string): ReadonlySet<string> {
  const seen = new Set<string>();
  const visit = (input: string): void => {
    const name = input.replace(/^\^/, '').split(':')[0] as string;
    if (seen.has(name)) return;
    const node = nodes.get(name);
    if (node === undefined) throw new TypeError(`there is no node ${name}`);
    seen.add(name);
    node.inputs.forEach(visit);
  };
  visit(ref);
  return seen;
}
