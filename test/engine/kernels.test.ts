/** Every kernel of the table, on every engine, against tfjs's cpu backend: values and, where tfjs has one, gradients. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { cpuEngine } from '../../src/engine/cpu.ts';
import type { Engine, Step } from '../../src/engine/engine.ts';
import { KERNELS } from '../../src/graph/kernels/index.ts';
import { traceStep } from '../../src/graph/trace.ts';
import { float32, type HostTensors, int32 } from '../../src/tensor/host.ts';
import { attention } from '../../src/tensor/ops/attention.ts';
import { type Tensor, type Tensors, tf } from '../../src/tensor/tf.ts';
import { assertClose, draw } from '../tensor/exact.ts';
import { testOnEachEngine } from './engines.ts';

type Body = (...inputs: Tensor[]) => Tensor | Tensor[];

interface KernelCase {
  readonly name: string;
  readonly inputs: readonly (readonly number[])[];
  readonly body: Body;
  /** Whether the sum of squares of what it makes is differentiated for all inputs. */
  readonly gradient?: boolean;
  /** Makes inputs positive, for logarithms and roots. */
  readonly positive?: boolean;
}

const x = [[2, 3, 4]];
const pair = [
  [2, 3, 4],
  [3, 1],
];
const raw = (kernel: string, attributes: object = {}): Body => {
  return (...inputs) => {
    const names = KERNELS.get(kernel)?.inputs ?? [];
    const given = names === 'list' ? inputs : Object.fromEntries(names.map((name, i) => [name, inputs[i] as Tensor]));
    return tf.engine().runKernel(kernel, given as never, attributes as never) as Tensor | Tensor[];
  };
};
const of = (
  name: string,
  inputs: KernelCase['inputs'],
  body: Body,
  more: Pick<KernelCase, 'gradient' | 'positive'> = { gradient: true },
): KernelCase => ({ name, inputs, body, ...more });
const still = { gradient: false } as const;
const asNumbers = (tensor: Tensor): Tensor => tf.cast(tensor, 'float32');
const t4 = (tensor: Tensor): never => tensor as never;

const CASES: readonly KernelCase[] = [
  ...(['add', 'sub', 'mul', 'div'] as const).map((op) => of(op, pair, (a, b) => tf[op](a as Tensor, b as Tensor))),
  // tfjs's gradients of these do not know broadcasting.
  ...(['maximum', 'minimum', 'squaredDifference'] as const).flatMap((op) => [
    of(op, pair, (a, b) => tf[op](a as Tensor, b as Tensor), still),
    of(`${op} of one shape`, [...x, ...x], (a, b) => tf[op](a as Tensor, b as Tensor)),
  ]),
  of('pow', pair, (a, b) => tf.pow(a as Tensor, b as Tensor), { gradient: true, positive: true }),
  of('floorDiv', pair, (a, b) => tf.floorDiv(a as Tensor, b as Tensor), still),
  ...(['equal', 'notEqual', 'greater', 'greaterEqual', 'less', 'lessEqual'] as const).map((op) =>
    of(op, pair, (a, b) => asNumbers(tf[op](tf.round(a as Tensor), tf.round(b as Tensor))), still),
  ),
  of(
    'logical operations',
    pair,
    (a, b) => {
      const [p, q] = [tf.greater(a as Tensor, 0), tf.greater(b as Tensor, 0)];
      return [tf.logicalAnd(p, q), tf.logicalOr(p, q), tf.logicalNot(p)].map(asNumbers);
    },
    still,
  ),
  ...(
    ['neg', 'abs', 'exp', 'square', 'erf', 'relu', 'relu6', 'sigmoid', 'tanh', 'softplus', 'sin', 'cos'] as const
  ).map((op) => of(op, x, (a) => tf[op](a as Tensor))),
  ...(['log', 'sqrt', 'rsqrt', 'reciprocal'] as const).map((op) =>
    of(op, x, (a) => tf[op](a as Tensor), { gradient: true, positive: true }),
  ),
  ...(['sign', 'floor', 'ceil', 'round', 'step'] as const).map((op) => of(op, x, (a) => tf[op](a as Tensor), still)),
  of('leakyRelu', x, (a) => tf.leakyRelu(a as Tensor, 0.3)),
  of('clipByValue', x, (a) => tf.clipByValue(a as Tensor, -0.5, 0.7)),
  of('clone', x, (a) => tf.mul(tf.clone(a as Tensor), 2)),
  of(
    'isNaN, isInf, isFinite',
    x,
    (a) => {
      const odd = tf.div(tf.relu(a as Tensor), tf.relu(tf.neg(tf.round(a as Tensor))));
      return [tf.isNaN(odd), tf.isInf(odd), tf.isFinite(odd)].map(asNumbers);
    },
    still,
  ),
  of(
    'where',
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => tf.where(tf.greaterEqual(a as Tensor, 0), a as Tensor, b as Tensor),
  ),
  of(
    'addN',
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    (...all) => tf.addN(all),
  ),
  of('cast', x, (a) => tf.cast(tf.cast(tf.mul(a as Tensor, 10), 'int32'), 'float32'), still),

  of('reshape, expandDims', x, (a) => tf.expandDims(tf.reshape(a as Tensor, [6, -1]), 1)),
  of('transpose', x, (a) => tf.transpose(a as Tensor, [2, 0, 1])),
  of('slice', x, (a) => tf.slice(a as Tensor, [1, 0, 1], [1, -1, 2])),
  of(
    'concat',
    [
      [2, 3],
      [2, 1],
    ],
    (a, b) => tf.concat([a as Tensor, b as Tensor], 1),
  ),
  of(
    'stack, unstack',
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => tf.unstack(tf.stack([a as Tensor, b as Tensor], 1), 2),
  ),
  of('split', [[2, 6]], (a) => tf.split(a as Tensor, [1, 3, 2], 1)),
  of('tile', [[1, 3]], (a) => tf.tile(a as Tensor, [4, 2])),
  of('pad', [[2, 3]], (a) =>
    tf.pad(
      a as Tensor,
      [
        [1, 0],
        [2, 1],
      ],
      0.5,
    ),
  ),
  of('broadcastTo', [[1, 3]], (a) => tf.broadcastTo(a as Tensor, [4, 3])),
  of(
    'BroadcastTo',
    [[1, 3]],
    (a) =>
      tf.getBackend() !== 'trace' ? tf.tile(a as Tensor, [4, 1]) : raw('BroadcastTo', { shape: [4, 3] })(a as Tensor),
    still,
  ),
  of('reverse', x, (a) => tf.reverse(a as Tensor, [0, 2])),
  of('gather', [[4, 3]], (a) => tf.gather(a as Tensor, tf.tensor1d([2, 0, 2], 'int32'))),
  of('oneHot', [[4, 3]], (a) =>
    tf.matMul(tf.oneHot(tf.tensor1d([2, 0, 3], 'int32'), 4, 2, -1).toFloat() as never, a as never),
  ),
  of('fills', x, (a) => [
    tf.add(tf.zerosLike(a as Tensor), 1),
    tf.mul(a as Tensor, tf.onesLike(a as Tensor)),
    tf.mul(a as Tensor, tf.fill([4], 0.25)),
  ]),

  ...(['sum', 'mean', 'max', 'min'] as const).flatMap((op) => [
    of(`${op} of one axis`, x, (a) => tf[op](a as Tensor, 1)),
    of(`${op} of two axes, kept`, x, (a) => tf[op](a as Tensor, [0, 2], true)),
    of(`${op} of all`, x, (a) => tf[op](a as Tensor)),
  ]),
  of('prod', x, (a) => tf.prod(a as Tensor, 1), still),
  of('softmax', x, (a) => tf.softmax(a as Tensor)),
  of('logSoftmax', x, (a) => tf.logSoftmax(a as Tensor)),
  of('argMax', x, (a) => tf.cast(tf.argMax(a as Tensor, -1), 'float32'), still),
  of('cumsum', x, (a) => tf.cumsum(a as Tensor, 2, true, false)),

  of(
    'matMul',
    [
      [4, 3],
      [3, 5],
    ],
    (a, b) => tf.matMul(a as never, b as never),
  ),
  of(
    'matMul, both transposed',
    [
      [3, 4],
      [5, 3],
    ],
    (a, b) => tf.matMul(a as never, b as never, true, true),
  ),
  of(
    'batched matMul',
    [
      [2, 2, 4, 3],
      [2, 2, 5, 3],
    ],
    (a, b) => tf.matMul(a as Tensor, b as Tensor, false, true),
  ),
  of(
    'batched matMul, first transposed',
    [
      [2, 3, 4],
      [2, 3, 5],
    ],
    (a, b) => tf.matMul(a as Tensor, b as Tensor, true),
  ),
  of(
    'attention',
    [
      [2, 2, 5, 3],
      [2, 2, 5, 3],
      [2, 2, 5, 3],
    ],
    (q, k, v) => attention(q as Tensor, k as Tensor, v as Tensor),
  ),
  of(
    'attention with a bias of all clips',
    [
      [2, 3, 5, 4],
      [2, 3, 5, 4],
      [2, 3, 5, 4],
      [3, 5, 5],
    ],
    (q, k, v, bias) => attention(q as Tensor, k as Tensor, v as Tensor, bias as Tensor),
  ),
  of(
    'attention in windows, with a bias of each',
    [
      [2, 3, 2, 4, 4],
      [2, 3, 2, 4, 4],
      [2, 3, 2, 4, 4],
      [3, 2, 4, 4],
    ],
    (q, k, v, bias) => attention(q as Tensor, k as Tensor, v as Tensor, bias as Tensor),
  ),

  ...[
    { strides: 1, pad: 'same' as const, dilations: 1 },
    { strides: 2, pad: 'same' as const, dilations: 1 },
    { strides: 2, pad: 'valid' as const, dilations: 1 },
    { strides: 3, pad: 1, dilations: 1 },
  ].flatMap(({ strides, pad, dilations }) => [
    of(
      `conv2d, stride ${strides}, ${pad}`,
      [
        [2, 7, 6, 3],
        // tfjs pads by a number as if all filters were square.
        [3, pad === 1 ? 3 : 2, 3, 4],
      ],
      (a, f) =>
        tf.conv2d(t4(a as Tensor), t4(f as Tensor), strides, pad, 'NHWC', dilations, pad === 1 ? 'floor' : undefined),
    ),
    of(
      `depthwiseConv2d, stride ${strides}, ${pad}`,
      [
        [2, 7, 7, 3],
        [3, 3, 3, 2],
      ],
      (a, f) =>
        tf.depthwiseConv2d(
          t4(a as Tensor),
          t4(f as Tensor),
          strides,
          pad,
          'NHWC',
          dilations,
          pad === 1 ? 'floor' : undefined,
        ),
    ),
  ]),
  of(
    'conv3d',
    [
      [2, 4, 5, 6, 2],
      [3, 3, 2, 2, 3],
    ],
    (a, f) => tf.conv3d(t4(a as Tensor), t4(f as Tensor), 1, 'same'),
  ),
  of(
    'conv3d, stride 2, valid',
    [
      [2, 5, 5, 6, 2],
      [2, 3, 2, 2, 3],
    ],
    (a, f) => tf.conv3d(t4(a as Tensor), t4(f as Tensor), 2, 'valid'),
  ),
];

/** The step of a case: what it makes, and the gradients of its inputs. */
function stepOf({ name, inputs, body, gradient }: KernelCase): Step {
  const names = inputs.map((_, i) => `input${i}`);
  const listed = (made: Tensor | Tensor[]): Tensor[] => (Array.isArray(made) ? made : [made]);
  return {
    name,
    inputs: Object.fromEntries(inputs.map((shape, i) => [`input${i}`, { shape, dtype: 'float32' }])),
    run(_state, fed) {
      const given = names.map((input) => fed[input] as Tensor);
      const outputs: Tensors = Object.fromEntries(listed(body(...given)).map((made, i) => [`made${i}`, made]));
      if (gradient) {
        const loss = (...all: Tensor[]): Tensor => tf.addN(listed(body(...all)).map((made) => tf.sum(tf.square(made))));
        tf.grads(loss)(given).forEach((made, i) => {
          outputs[`gradient${i}`] = made;
        });
      }
      return { state: {}, outputs };
    },
  };
}

function feedsOf({ name, inputs, positive }: KernelCase): HostTensors {
  return Object.fromEntries(
    inputs.map((shape, i) => {
      const data = Float32Array.from(draw(`${name}${i}`, shape, 1.5).data, (v) => (positive ? Math.abs(v) + 0.2 : v));
      return [`input${i}`, float32(shape, data)];
    }),
  );
}

async function run(engine: Engine, step: Step, feeds: HostTensors): Promise<HostTensors> {
  const session = await engine.open({});
  try {
    return await (await session.compile(step)).run(feeds);
  } finally {
    session.dispose();
  }
}

const computesTheSame = async (engine: Engine, t: TestContext): Promise<void> => {
  for (const kernelCase of CASES) {
    await t.test(kernelCase.name, async (sub) => {
      if (engine.name === 'tensorflow-eager' && /stride 3/.test(kernelCase.name)) {
        return sub.skip('tfjs-node-gpu pads by itself only');
      }
      const [step, feeds] = [stepOf(kernelCase), feedsOf(kernelCase)];
      const expected = await run(cpuEngine(), step, feeds);
      const actual = await run(engine, step, feeds);
      assert.deepEqual(Object.keys(actual), Object.keys(expected));
      for (const [name, tensor] of Object.entries(expected)) {
        assert.deepEqual(actual[name]?.shape, tensor.shape, name);
        assertClose(actual[name]?.data ?? [], tensor.data, 1e-5, name);
      }
    });
  }
};

// Inside functions, which XLA compiles, nodes are named otherwise.
testOnEachEngine('each kernel computes what tfjs computes', computesTheSame, { underXla: true });

testOnEachEngine('integers are added and compared as integers', async (engine) => {
  const session = await engine.open({});
  const step = await session.compile({
    name: 'integers',
    inputs: { a: { shape: [3], dtype: 'int32' } },
    run: (_state, { a }) => ({
      state: {},
      outputs: {
        sum: tf.add(a as Tensor, tf.tensor1d([1, 1, 1], 'int32')),
        above: tf.cast(tf.greater(a as Tensor, tf.scalar(16_777_216, 'int32')), 'int32'),
      },
    }),
  });
  assert.deepEqual(await step.run({ a: int32([3], Int32Array.of(16_777_216, 16_777_217, -4)) }), {
    sum: int32([3], Int32Array.of(16_777_217, 16_777_218, -3)),
    above: int32([3], Int32Array.of(0, 1, 0)),
  });
  session.dispose();
});

test('no kernel of the table is left out', async () => {
  const seen = new Set<string>();
  for (const kernelCase of CASES) {
    const { nodes } = await traceStep(stepOf(kernelCase), {});
    for (const { kernel } of nodes) seen.add(kernel);
  }
  assert.deepEqual(
    [...KERNELS.keys()].filter((kernel) => !seen.has(kernel)),
    [],
  );
});
