import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { layStrips, planesBytes } from '../../../src/video/packed/lay-strips.ts';
import { layoutOf } from '../../../src/video/packed/layout.ts';
import {
  makePlaneResizings,
  type PlaneTask,
  STRIP_COLUMNS,
  stripsOf,
} from '../../../src/video/pixels/plane-resizer.ts';
import type { Size, Window } from '../../../src/video/window.ts';
import { ffmpeg, runDirectly, withFolder } from '../ffmpegs.ts';

const SOURCE = { width: 213, height: 121 };

/** Smooth waves and hard edges, in yuv420p of limited range. */
function makePlanes({ width, height }: Size, chromaPeriod = 9): Uint8Array {
  const [w, h] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  const luma = Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    return x % 50 < 6 || y % 37 < 3 ? 235 : 126 + 100 * Math.sin(x / 7) * Math.cos(y / 5);
  });
  const wave = (phase: number) =>
    Array.from(
      { length: w * h },
      (_, i) => 128 + 90 * Math.sin((i % w) / chromaPeriod + phase) * Math.cos(Math.floor(i / w) / 6),
    );
  return Uint8Array.from([...luma, ...wave(0), ...wave(2)], Math.round);
}

function run(planes: Uint8Array, source: Size, task: PlaneTask): Uint8Array {
  const layout = layoutOf(source);
  const strips = new Uint8Array(layout.strips * STRIP_COLUMNS * layout.stride);
  layStrips(planes, source, layout, strips);
  const resizings = makePlaneResizings({ source, ...layout }, [task]);
  // Only the strips that the window touches are there.
  const { first, count } = stripsOf(task.crop ?? { x: 0, width: source.width });
  const bytes = STRIP_COLUMNS * layout.stride;
  resizings.source.fill(0).set(strips.subarray(first * bytes, (first + count) * bytes));
  const into = new Uint8Array(task.size.width * task.size.height * 3);
  resizings.run(0, first, into);
  return into;
}

/** Weighs the samples of a plane around a point; positions in samples, those outside `from`-`to` take the nearest. */
function around(center: number, reach: number, from: number, to: number): (readonly [at: number, weight: number])[] {
  const found: (readonly [number, number])[] = [];
  for (let j = Math.ceil(center - reach); j <= center + reach; j++) {
    found.push([Math.min(Math.max(j, from), to), 1 - Math.abs(j - center) / reach]);
  }
  const sum = found.reduce((total, [, weight]) => total + weight, 0);
  return found.map(([at, weight]) => [at, weight / sum] as const);
}

/** What `plane-resizer.ts` says it does, in doubles and without its code: [H, W, 3], not rounded but cut to 0-255. */
function defined(planes: Uint8Array, source: Size, { x, y, width, height }: Window, size: Size, flip = false) {
  const chromaWidth = Math.ceil(source.width / 2);
  const u = source.width * source.height;
  const v = u + chromaWidth * Math.ceil(source.height / 2);
  const [scaleX, scaleY] = [width / size.width, height / size.height];
  const sample = (at: number, step: number, columns: ReturnType<typeof around>, rows: ReturnType<typeof around>) => {
    let sum = 0;
    for (const [row, down] of rows) {
      for (const [column, across] of columns) sum += down * across * (planes[at + row * step + column] as number);
    }
    return sum;
  };
  const out = new Float64Array(size.width * size.height * 3);
  for (let row = 0; row < size.height; row++) {
    const middle = y + (row + 0.5) * scaleY;
    const lumaRows = around(middle - 0.5, Math.max(scaleY, 1), y, y + height - 1);
    const chromaRows = around(middle / 2 - 0.5, Math.max(scaleY / 2, 1), y >> 1, (y + height - 1) >> 1);
    for (let column = 0; column < size.width; column++) {
      const mirrored = (edge: number): number => x + (flip ? size.width - edge : edge) * scaleX;
      const lumaColumns = around(mirrored(column + 0.5) - 0.5, Math.max(scaleX, 1), x, x + width - 1);
      // Two pixels side by side share the chroma of their common edge.
      const shared = mirrored(2 * Math.floor(column / 2) + 1) / 2 - 0.5;
      const chromaColumns = around(shared, Math.max(scaleX, 1), x >> 1, (x + width - 1) >> 1);
      const Y = 1.164384 * (sample(0, source.width, lumaColumns, lumaRows) - 16);
      const U = sample(u, chromaWidth, chromaColumns, chromaRows) - 128;
      const V = sample(v, chromaWidth, chromaColumns, chromaRows) - 128;
      const at = (row * size.width + column) * 3;
      out[at] = Y + 1.596027 * V;
      out[at + 1] = Y - 0.391762 * U - 0.812968 * V;
      out[at + 2] = Y + 2.017232 * U;
    }
  }
  return out.map((value) => Math.min(Math.max(value, 0), 255));
}

const TASKS: readonly PlaneTask[] = [
  { size: { width: 213, height: 121 } },
  { size: { width: 64, height: 48 } },
  { crop: { x: 70, y: 20, width: 90, height: 77 }, size: { width: 112, height: 112 } },
  { crop: { x: 33, y: 21, width: 91, height: 78 }, size: { width: 112, height: 112 }, flip: true },
  { crop: { x: 190, y: 1, width: 23, height: 120 }, size: { width: 57, height: 45 }, flip: true },
  { crop: { x: 31, y: 7, width: 2, height: 1 }, size: { width: 17, height: 3 } },
  { crop: { x: 5, y: 3, width: 200, height: 110 }, size: { width: 9, height: 5 } },
];

test('planes of luma and chroma become the RGB that the definition says, from the strips under the window alone', () => {
  const planes = makePlanes(SOURCE);
  for (const task of TASKS) {
    const exact = defined(planes, SOURCE, task.crop ?? { x: 0, y: 0, ...SOURCE }, task.size, task.flip);
    let [worst, sum] = [0, 0];
    for (const [i, value] of run(planes, SOURCE, task).entries()) {
      const difference = value - (exact[i] as number);
      worst = Math.max(worst, Math.abs(difference));
      sum += difference;
    }
    // Luma and chroma are rounded to bytes before they become RGB, and that is rounded: 0.5 (1.16 + 2.02 + 1).
    assert.ok(worst < 2.4, `${JSON.stringify(task)}: off by ${worst}`);
    assert.ok(Math.abs(sum / exact.length) < 0.2, `${JSON.stringify(task)}: ${sum / exact.length} in the mean`);
  }
});

test("ffmpeg's accurate scaler makes nearly the same of the same planes", async () => {
  await withFolder(async (folder) => {
    // Its chroma has the full width of the output; ours has half, which shows where chroma changes fast.
    const planes = makePlanes(SOURCE, 60);
    assert.equal(planes.length, planesBytes(SOURCE));
    const file = path.join(folder, 'planes.yuv');
    await writeFile(file, planes);
    const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', '213x121', '-i', file];
    // Windows at even places: at odd ones ffmpeg's crop filter moves chroma by half a sample.
    for (const task of TASKS.slice(1, 3)) {
      const { x, y, width, height } = task.crop ?? { x: 0, y: 0, ...SOURCE };
      const scale = `scale=${task.size.width}:${task.size.height}:flags=bilinear+accurate_rnd+full_chroma_int`;
      const filters = `crop=${width}:${height}:${x}:${y}:exact=1,${scale},format=rgb24${task.flip ? ',hflip' : ''}`;
      const theirs = await runDirectly(ffmpeg, [...input, '-vf', filters, '-f', 'rawvideo', '-']);
      const ours = run(planes, SOURCE, task);
      assert.equal(ours.length, theirs.length);
      const sum = ours.reduce((total, value, i) => total + Math.abs(value - (theirs[i] as number)), 0);
      assert.ok(sum / ours.length < 2.5, `${filters}: ${sum / ours.length} levels in the mean`);
    }
  });
});
