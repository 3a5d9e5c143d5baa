import assert from 'node:assert/strict';
import type { Engine, Session, StateSpecs, Step } from '../../src/engine/engine.ts';
import { float32, type HostTensor, type HostTensors, int32, scalar, uint8 } from '../../src/tensor/host.ts';
import { type Tensor, type Tensors, tf } from '../../src/tensor/tf.ts';
import { testOnEachEngine } from './engines.ts';

const vector = (...values: number[]): HostTensor => float32([values.length], Float32Array.from(values));
const numbers = (tensor: HostTensor | undefined): number[] => [...(tensor?.data ?? [])];

const specs: StateSpecs = {
  w: { shape: [2], dtype: 'float32', frozen: false },
  count: { shape: [], dtype: 'int32', frozen: false },
  backbone: { shape: [2], dtype: 'float32', frozen: true },
};

const sum: Step = {
  name: 'sum',
  inputs: { x: { shape: [2], dtype: 'float32' } },
  run(state, inputs) {
    const w = tf.add(tf.add(state.w as Tensor, inputs.x as Tensor), state.backbone as Tensor);
    return { state: { w }, outputs: { total: tf.sum(w) } };
  },
};

async function opened(engine: Engine): Promise<Session> {
  const session = await engine.open(specs);
  await session.load({ w: vector(1, 2), backbone: vector(10, 20) });
  return session;
}

const stepThat = (
  run: (state: Tensors, inputs: Tensors) => ReturnType<Step['run']>,
  inputs: Step['inputs'] = {},
): Step => ({
  name: 'odd',
  inputs,
  run,
});

/** What is wrong with a step comes out when it is compiled, or where nothing is compiled when it runs. */
async function compileAndRun(session: Session, step: Step, inputs: HostTensors = {}): Promise<void> {
  await (await session.compile(step)).run(inputs);
}

testOnEachEngine('state is zero until loaded, moves with each run, and is read back as a copy', async (engine) => {
  const session = await engine.open(specs);
  assert.deepEqual(numbers((await session.read(['w'])).w), [0, 0]);
  await session.load({ backbone: vector(10, 20) });
  const step = await session.compile(sum);
  assert.deepEqual(await step.run({ x: vector(1, 2) }), { total: float32([], Float32Array.of(33)) });
  const { w } = await session.read(['w']);
  assert.deepEqual(w, vector(11, 22));
  (w as HostTensor).data[0] = 99;
  await step.run({ x: vector(0, 0) });
  assert.deepEqual(await session.read(['w', 'backbone']), { w: vector(21, 42), backbone: vector(10, 20) });
  session.dispose();
});

testOnEachEngine('what is loaded or fed may be overwritten by the caller afterwards', async (engine) => {
  const session = await opened(engine);
  const [w, x] = [vector(5, 6), vector(1, 1)];
  await session.load({ w });
  w.data.fill(-1);
  const step = await session.compile(
    stepThat((_state, inputs) => ({ state: { w: tf.clone(inputs.x as Tensor) }, outputs: {} }), sum.inputs),
  );
  assert.deepEqual(numbers((await session.read(['w'])).w), [5, 6]);
  await step.run({ x });
  x.data.fill(-1);
  assert.deepEqual(numbers((await session.read(['w'])).w), [1, 1]);
  session.dispose();
});

testOnEachEngine('integers keep their type', async (engine) => {
  const session = await opened(engine);
  await session.load({ count: int32([], Int32Array.of(16_777_217)) });
  const next = await session.compile(
    stepThat((state) => ({ state: { count: tf.add(state.count as Tensor, tf.scalar(1, 'int32')) }, outputs: {} })),
  );
  await next.run({});
  assert.deepEqual(await session.read(['count']), { count: int32([], Int32Array.of(16_777_218)) });
  session.dispose();
});

testOnEachEngine('bytes reach the step as float32 values 0 to 255', async (engine) => {
  const session = await opened(engine);
  const inputs = { clips: { shape: [2, 2], dtype: 'uint8' } } as const;
  const step = await session.compile(
    stepThat(
      (_state, { clips }) => ({
        state: {},
        outputs: { same: tf.clone(clips as Tensor), half: tf.mul(clips as Tensor, 0.5) },
      }),
      inputs,
    ),
  );
  const { same, half } = await step.run({ clips: uint8([2, 2], Uint8Array.of(0, 1, 128, 255)) });
  assert.deepEqual(same, float32([2, 2], Float32Array.of(0, 1, 128, 255)));
  assert.deepEqual(numbers(half), [0, 0.5, 64, 127.5]);
  session.dispose();
});

testOnEachEngine('inputs that do not fit are named', async (engine) => {
  const session = await opened(engine);
  const step = await session.compile(sum);
  await assert.rejects(step.run({}), new TypeError('step sum: input x is not given'));
  await assert.rejects(step.run({ x: vector(1, 2), y: scalar(1) }), /step sum: y is not in its specification/);
  await assert.rejects(
    step.run({ x: vector(1, 2, 3) }),
    new TypeError('step sum: x is float32 [3] with 3 elements, expected float32 [2]'),
  );
  await assert.rejects(step.run({ x: uint8([2], Uint8Array.of(1, 2)) }), /x is uint8 \[2\]/);
  await assert.rejects(step.run({ x: float32([2], Float32Array.of(1)) }), /x is float32 \[2\] with 1 elements/);
  assert.deepEqual(numbers((await session.read(['w'])).w), [1, 2]);
  session.dispose();
});

testOnEachEngine('state that does not fit is named', async (engine) => {
  const session = await opened(engine);
  await assert.rejects(session.load({ v: scalar(1) }), new TypeError('load: v is not in its specification'));
  await assert.rejects(
    session.load({ w: scalar(1) }),
    /load: w is float32 \[\] with 1 elements, expected float32 \[2\]/,
  );
  await assert.rejects(session.read(['v']), new TypeError('read: v is no state of this session'));
  session.dispose();
});

testOnEachEngine('a step may return neither frozen state nor state that the session lacks', async (engine) => {
  const session = await opened(engine);
  const frozen = stepThat((state) => ({ state: { backbone: tf.neg(state.backbone as Tensor) }, outputs: {} }));
  await assert.rejects(
    compileAndRun(session, frozen),
    new TypeError('step odd returned state backbone, which is frozen'),
  );
  const unknown = stepThat(() => ({ state: { v: tf.scalar(1) }, outputs: {} }));
  await assert.rejects(
    compileAndRun(session, unknown),
    new TypeError("step odd returned state v, which is not the session's"),
  );
  assert.deepEqual(numbers((await session.read(['backbone'])).backbone), [10, 20]);
  session.dispose();
});

testOnEachEngine('a step may fetch state, unchanged or changed, without losing it', async (engine) => {
  const session = await opened(engine);
  const step = await session.compile(
    stepThat((state) => {
      const w = tf.neg(state.w as Tensor);
      return { state: { w }, outputs: { w, backbone: state.backbone as Tensor } };
    }),
  );
  assert.deepEqual(await step.run({}), { w: vector(-1, -2), backbone: vector(10, 20) });
  assert.deepEqual(await step.run({}), { w: vector(1, 2), backbone: vector(10, 20) });
  assert.deepEqual(numbers((await session.read(['w'])).w), [1, 2]);
  session.dispose();
});

testOnEachEngine('state may swap places', async (engine) => {
  const both: StateSpecs = {
    a: { shape: [1], dtype: 'float32', frozen: false },
    b: { shape: [1], dtype: 'float32', frozen: false },
  };
  const session = await engine.open(both);
  await session.load({ a: vector(1), b: vector(2) });
  const step = await session.compile(
    stepThat((state) => ({ state: { a: state.b as Tensor, b: state.a as Tensor }, outputs: {} })),
  );
  await step.run({});
  assert.deepEqual(await session.read(['a', 'b']), { a: vector(2), b: vector(1) });
  await step.run({});
  assert.deepEqual(await session.read(['a', 'b']), { a: vector(1), b: vector(2) });
  session.dispose();
});

testOnEachEngine('sessions of one engine keep their state apart', async (engine) => {
  const [one, two] = [await opened(engine), await opened(engine)];
  await (await one.compile(sum)).run({ x: vector(1, 1) });
  assert.deepEqual(numbers((await one.read(['w'])).w), [12, 23]);
  assert.deepEqual(numbers((await two.read(['w'])).w), [1, 2]);
  one.dispose();
  assert.deepEqual(numbers((await two.read(['w'])).w), [1, 2]);
  two.dispose();
});

testOnEachEngine('runs leave no tensor behind, failed ones neither, and dispose frees the state', async (engine) => {
  const before = tf.memory().numTensors;
  const session = await opened(engine);
  const step = await session.compile(sum);
  const failing = stepThat((_state, inputs) => {
    tf.square(inputs.x as Tensor);
    throw new Error('half-way');
  }, sum.inputs);
  const open = tf.memory().numTensors;
  for (let i = 0; i < 20; i++) {
    await step.run({ x: vector(1, 1) });
    await session.read(['w']);
    await assert.rejects(compileAndRun(session, failing, { x: vector(1, 1) }), /half-way/);
    assert.equal(tf.memory().numTensors, open);
  }
  session.dispose();
  assert.equal(tf.memory().numTensors, before);
});

testOnEachEngine('inputs may lie in memory that threads share, at any offset', async (engine) => {
  const session = await engine.open(specs);
  const doubled: Step = {
    name: 'doubled',
    inputs: { clips: { shape: [4], dtype: 'uint8' } },
    run: (_, inputs) => ({ state: {}, outputs: { twice: tf.mul(inputs.clips as Tensor, 2) } }),
  };
  const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
  shared.set([1, 2, 3, 250]);
  const { twice } = await (await session.compile(doubled)).run({ clips: uint8([4], shared) });
  assert.deepEqual(numbers(twice), [2, 4, 6, 500]);
  session.dispose();
});
