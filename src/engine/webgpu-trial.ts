/** A process of its own, run to see whether WebGPU computes: a driver that crashes takes no training with it. */
import { float32 } from '../tensor/host.ts';
import { tf } from '../tensor/tf.ts';
import { onnxruntimeEngine } from './onnxruntime.ts';

const engine = await onnxruntimeEngine({ device: 'webgpu', precision: 'fp32', threads: 1, recompute: false });
const session = await engine.open({ w: { shape: [2, 2], dtype: 'float32', frozen: true } });
const step = await session.compile({
  name: 'trial',
  inputs: { x: { shape: [1, 2], dtype: 'float32' } },
  run: ({ w }, { x }) => ({ state: {}, outputs: { y: tf.matMul(x as never, w as never) } }),
});
await session.load({ w: float32([2, 2], Float32Array.of(5, 6, 7, 8)) });
const { y } = await step.run({ x: float32([1, 2], Float32Array.of(1, 2)) });
session.dispose();
if (`${y?.data}` !== '19,22') throw new Error(`[1 2] · [5 6; 7 8] is ${y?.data} there`);
