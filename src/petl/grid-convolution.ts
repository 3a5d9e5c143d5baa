/**
 * A small convolution over a grid of tokens, of which all channels see all channels, as one matrix product: a bottleneck has so
 * few channels that gathering the neighbours costs less than a convolution kernel's set-up, and products are what every runtime
 * does well, backwards too.
 */
import { linear } from '../tensor/ops/linear.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/**
 * @param x [B, T, rows, columns, C]
 * @param kernel [out, C, kt, kh, kw], odd extents; zero padding keeps the grid
 * @param bias [out]
 * @returns [B, T, rows, columns, out]
 */
export function convolveGrid(x: Tensor, kernel: Tensor, bias: Tensor): Tensor {
  const [batch, time, rows, columns, C] = x.shape as [number, number, number, number, number];
  const [out, , kt, kh, kw] = kernel.shape as [number, number, number, number, number];
  // Frames become part of the batch where the kernel does not reach over time: the fewer axes, the better kernels there are.
  const alone = kt === 1;
  const margins = [kt, kh, kw].map((extent): [number, number] => [(extent - 1) / 2, (extent - 1) / 2]);
  const extents = [time, rows, columns];
  const axes = alone ? [1, 2] : [0, 1, 2];
  const leading = alone ? [batch * time] : [batch];
  const inner = axes.map((axis) => extents[axis] as number);
  const padded = tf.pad(tf.reshape(x, [...leading, ...inner, C]), [
    [0, 0],
    ...axes.map((axis) => margins[axis] as [number, number]),
    [0, 0],
  ]);
  const channels = inner.length + 1;
  const neighbour = (dt: number, dy: number, dx: number): Tensor =>
    tf.slice(padded, [0, ...(alone ? [dy, dx] : [dt, dy, dx]), 0], [...leading, ...inner, C]);
  // Frame by frame, since a WebGPU shader reaches 16 buffers at most, and the gradient takes these apart again.
  const gathered = joined(
    range(kt).map((dt) =>
      joined(
        windows(kh, kw).map(([dy, dx]) => neighbour(dt, dy, dx)),
        channels,
      ),
    ),
    channels,
  );
  const weight = tf.reshape(tf.transpose(kernel, [0, 2, 3, 4, 1]), [out, kt * kh * kw * C]);
  return tf.reshape(linear(gathered, weight, bias), [batch, time, rows, columns, out]);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const windows = (kh: number, kw: number): [number, number][] =>
  range(kh).flatMap((dy) => range(kw).map((dx): [number, number] => [dy, dx]));
const joined = (parts: Tensor[], axis: number): Tensor =>
  parts.length === 1 ? (parts[0] as Tensor) : tf.concat(parts, axis);
