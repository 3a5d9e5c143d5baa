/** The two directions in which features differ most (principal components), and where each point lies along them. */
import { runCrew, threadsOf } from './crew.ts';
import { PANEL } from './gram-job.ts';
import { makeMemory } from './kernels.ts';
import { leadingVectors } from './leading-vectors.ts';
import { checkPoints, type Points, type Work } from './points.ts';
import { BLOCK, meanOf } from './rounded.ts';

/**
 * @returns float64 [count, 2]; of each component the largest loading is positive. Zeros where the features have none.
 * @throws PetlVideoError (data) for a number that is not finite
 */
export async function pca2(points: Points, work: Work = {}): Promise<Float64Array> {
  checkPoints(points);
  const { data, count, width } = points;
  const mean = meanOf(points);
  const [first, second = new Float64Array(width)] = await components(points, mean, work);
  const map = new Float64Array(count * 2);
  for (let i = 0; i < count; i++) {
    let [x, y] = [0, 0];
    for (let d = 0; d < width; d++) {
      const value = (data[i * width + d] as number) - (mean[d] as number);
      x += value * (first?.[d] as number);
      y += value * (second[d] as number);
    }
    map[2 * i] = x;
    map[2 * i + 1] = y;
  }
  return map;
}

async function components({ data, count, width }: Points, mean: Float64Array, work: Work): Promise<Float64Array[]> {
  const threads = threadsOf(work);
  const columns = BLOCK * Math.ceil(width / BLOCK);
  const panels = Math.ceil(count / PANEL);
  const { memory, places } = makeMemory({
    ...{ panels: panels * columns * PANEL * 4, sums: columns * columns * 8, tiles: threads * BLOCK * BLOCK * 4 },
  });
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    largest = Math.max(largest, Math.abs((data[i] as number) - (mean[i % width] as number)));
  }
  // The size of numbers changes no direction; products of huge ones would overflow.
  const scale = largest === 0 ? 1 : 1 / largest;
  const transposed = new Float32Array(memory.buffer, places.panels, panels * columns * PANEL);
  for (let i = 0; i < count; i++) {
    const start = Math.floor(i / PANEL) * columns * PANEL + (i % PANEL);
    for (let d = 0; d < width; d++) {
      transposed[start + d * PANEL] = ((data[i * width + d] as number) - (mean[d] as number)) * scale;
    }
  }
  await runCrew(memory, { kind: 'gram', columns, panels, places }, threads, { signal: work.signal });
  const sums = new Float64Array(memory.buffer, places.sums, columns * columns);
  const matrix = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      matrix[i * width + j] = sums[i * columns + j] as number;
      matrix[j * width + i] = sums[i * columns + j] as number;
    }
  }
  return leadingVectors(matrix, width, 2);
}
