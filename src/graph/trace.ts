/**
 * Records a step: runs it once on a backend of tfjs whose kernels infer shapes, compute nothing and write down what
 * was asked for. The backward pass is recorded with it, for tfjs's autodiff asks for kernels like everyone else.
 */
import type { KernelBackend } from '@tensorflow/tfjs';
import type { TensorSpecs } from '../tensor/host.ts';
import { currentScope } from '../tensor/scope.ts';
import { type Tensor, type Tensors, tf } from '../tensor/tf.ts';
import { type ConstantData, type Graph, type GraphDType, type Node, type Value, value } from './graph.ts';
import { KERNELS } from './kernels/index.ts';
import type { Kernel } from './kernels/kernel.ts';

/** The part of a step that matters here (`Step` of the engine). */
export interface Traceable {
  readonly name: string;
  readonly inputs: TensorSpecs;
  run(state: Tensors, inputs: Tensors): { readonly state: Tensors; readonly outputs: Tensors };
}

/** The state of a session, of which a step may use a part. */
export type StateShapes = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly dtype: string; readonly frozen: boolean }>
>;

const BACKEND = 'trace';

/** What tfjs calls a tensor inside kernels. */
interface TensorInfo {
  readonly dataId: object;
  readonly shape: number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** One recording under way. */
class Recording {
  readonly step: string;
  readonly nodes: Node[] = [];
  readonly constants = new Map<Value, ConstantData>();
  readonly #values = new WeakMap<object, Value>();
  readonly #makers = new Map<Value, Node>();

  constructor(step: string) {
    this.step = step;
  }

  /** Names a value to tfjs. */
  info(of: Value): TensorInfo {
    const dataId = {};
    this.#values.set(dataId, of);
    return { dataId, shape: [...of.shape], dtype: of.dtype as TensorInfo['dtype'] };
  }

  valueOf(dataId: object): Value {
    const known = this.#values.get(dataId);
    if (known !== undefined) return known;
    throw new TypeError(
      `step ${this.step}${placeOf()} uses a tensor that was made outside of it: make it inside, or make it an input`,
    );
  }

  constant(data: ConstantData, shape: readonly number[], dtype: GraphDType): object {
    const made = value(shape, dtype);
    this.constants.set(made, data);
    return this.info(made).dataId;
  }

  node(kernel: Kernel, given: readonly TensorInfo[], attributes: object): Value[] {
    // A tensor that tfjs reshapes or clones keeps its data under another shape.
    const inputs = given.map(({ dataId }) => this.valueOf(dataId));
    let outputs: Value[];
    try {
      outputs = kernel.infer(inputs, { ...attributes }).map(({ shape, dtype }) => value(shape, dtype));
    } catch (cause) {
      throw new TypeError(`step ${this.step}, ${kernel.name}${placeOf()}: ${(cause as Error).message}`, { cause });
    }
    const node = { kernel: kernel.name, inputs, attributes: { ...attributes }, outputs, scope: currentScope() };
    this.nodes.push(node);
    for (const output of outputs) this.#makers.set(output, node);
    return outputs;
  }

  /** The data of a constant; nothing else is known before the step runs. */
  read(dataId: object): ConstantData {
    const asked = this.valueOf(dataId);
    const data = this.constants.get(asked);
    if (data !== undefined) return data;
    const maker = this.#makers.get(asked);
    const what = maker === undefined ? 'its state or an input' : `what ${maker.kernel} makes`;
    throw new TypeError(
      `step ${this.step} reads ${what} ([${asked.shape}])${placeOf()}, which is not known before the step runs: ` +
        'what JavaScript computes must not depend on data',
    );
  }
}

/** The innermost part of the model, and the line of our code that asked. */
function placeOf(): string {
  const scope = currentScope();
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  const ours = lines.find((line) => !/node_modules|\/tfjs-core\/|\/src\/graph\/trace\.|node:internal/.test(line));
  const line = ours?.trim().replace(/^at /, '');
  return `${scope === '' ? '' : ` in ${scope}`}${line === undefined ? '' : ` (${line})`}`;
}

class TraceBackend extends tf.KernelBackend {
  recording: Recording | undefined;

  get open(): Recording {
    if (this.recording === undefined) throw new TypeError('nothing is being traced');
    return this.recording;
  }

  override write(values: Parameters<KernelBackend['write']>[0], shape: number[], dtype: string): object {
    const numbers = values as ArrayLike<number>;
    switch (dtype) {
      case 'bool':
        return this.open.constant(Uint8Array.from(numbers), shape, dtype);
      case 'int32':
        return this.open.constant(Int32Array.from(numbers), shape, dtype);
      case 'float32':
        return this.open.constant(Float32Array.from(numbers), shape, dtype);
      default:
        throw new TypeError(`step ${this.open.step}: a step has no ${dtype} tensors`);
    }
  }
  override readSync(dataId: object): ConstantData {
    return this.open.read(dataId);
  }
  override async read(dataId: object): Promise<ConstantData> {
    return this.open.read(dataId);
  }
  override disposeData(): boolean {
    return true;
  }
  override refCount(): number {
    return 1;
  }
  override incRef(): void {}
  override numDataIds(): number {
    return 0;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override dispose(): void {}
}

let registered: TraceBackend | undefined;

function traceBackend(): TraceBackend {
  if (registered !== undefined) return registered;
  const backend = new TraceBackend();
  tf.registerBackend(BACKEND, () => backend, -1);
  for (const kernel of KERNELS.values()) {
    tf.registerKernel({
      kernelName: kernel.name,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const recording = backend.open;
        const given = inputs as unknown as Record<string, TensorInfo>;
        const listed =
          kernel.inputs === 'list' ? Object.values(given) : kernel.inputs.map((name) => given[name] as TensorInfo);
        const made = recording.node(kernel, listed, attrs ?? {}).map((output) => recording.info(output));
        return (kernel.many ? made : made[0]) as never;
      },
    });
  }
  registered = backend;
  return backend;
}

/**
 * The graph of a step over the state of a session.
 *
 * @throws TypeError that names the op and the place: an op that is not in the kernel table, shapes that do not fit, a
 *   value that is read, state that the session has not or that is frozen; and what the step itself throws
 */
export async function traceStep(step: Traceable, state: StateShapes): Promise<Graph> {
  const backend = traceBackend();
  const former = tf.engine().backendName;
  await tf.setBackend(BACKEND);
  const recording = new Recording(step.name);
  backend.recording = recording;
  try {
    return tf.tidy(() => record(recording, step, state) as never) as unknown as Graph;
  } catch (error) {
    throw explained(error, step.name);
  } finally {
    backend.recording = undefined;
    if (former) await tf.setBackend(former);
  }
}

function record(recording: Recording, step: Traceable, specs: StateShapes): Graph {
  const tensorOf = (of: Value): Tensor => tf.engine().makeTensorFromTensorInfo(recording.info(of) as never);
  const states = new Map(
    Object.entries(specs).map(([name, { shape, dtype }]) => [
      name,
      value(shape, dtype === 'int32' ? 'int32' : 'float32'),
    ]),
  );
  const inputs = new Map(Object.entries(step.inputs).map(([name, { shape, dtype }]) => [name, value(shape, dtype)]));
  const fed = (of: Value): Tensor => {
    if (of.dtype !== 'uint8') return tensorOf(of);
    const node: Node = {
      kernel: 'Cast',
      inputs: [of],
      attributes: { dtype: 'float32' },
      outputs: [value(of.shape, 'float32')],
      scope: '',
    };
    recording.nodes.push(node);
    return tensorOf(node.outputs[0] as Value);
  };
  const result = step.run(
    Object.fromEntries([...states].map(([name, of]) => [name, tensorOf(of)])),
    Object.fromEntries([...inputs].map(([name, of]) => [name, fed(of)])),
  );
  const named = (tensors: Tensors): Map<string, Value> =>
    new Map(Object.entries(tensors).map(([name, tensor]) => [name, recording.valueOf(tensor.dataId)]));
  const [changed, outputs] = [named(result.state), named(result.outputs)];
  // A step may have kept them from being tidied away.
  tf.dispose([result.state, result.outputs]);
  for (const name of changed.keys()) {
    const spec = specs[name];
    if (spec === undefined) throw new TypeError(`step ${step.name} returned state ${name}, which is not the session's`);
    if (spec.frozen) throw new TypeError(`step ${step.name} returned state ${name}, which is frozen`);
  }
  return { inputs, state: states, constants: recording.constants, nodes: recording.nodes, changed, outputs };
}

/** tfjs's words for a kernel that a backend lacks, in ours. */
function explained(error: unknown, step: string): unknown {
  const missing = /Kernel '(\w+)' not registered for backend 'trace'/.exec((error as Error).message ?? '');
  if (missing === null) return error;
  return new TypeError(`step ${step} uses ${missing[1]}, which is not in the kernel table (src/graph/kernels)`, {
    cause: error,
  });
}
