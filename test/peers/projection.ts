/**
 * How long 25,000 features take to become a map, by us, by scikit-learn and by umap-learn, and how far each map can be trusted.
 *
 *   python3 -m venv VENV && VENV/bin/pip install scikit-learn umap-learn
 *   npm run bench:projection -- --python VENV/bin/python [--only tsne,umap,scikit-learn,umap-learn]
 *     [--count 25000] [--width 768] [--classes 174] [--threads 2]
 *
 * The features are made here, the same for all: a mixture of Gaussians, some four times as wide as others, of 32 directions
 * whose size falls off, with a little noise in all others. (In 768 equally noisy directions the narrowest class would be
 * everybody's nearest neighbour, and no map could show it.) All settings are each program's defaults (perplexity 30; 15 neighbours). The clock runs from features in memory to
 * the map in memory. Trustworthiness (k = 12) is that of src/projection for all, which is first held against scikit-learn's on
 * 3000 points. CPU is that of the process with all its threads; the load of the machine is shown, for others slow the wall
 * time. Without --python ours alone is measured.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Points, trustworthiness, tsne, umap } from '../../src/projection/index.ts';
import { bulkBits, rng } from '../../src/tensor/random.ts';

const { values } = parseArgs({
  options: {
    python: { type: 'string' },
    only: { type: 'string', default: 'tsne,umap,scikit-learn,umap-learn' },
    count: { type: 'string', default: '25000' },
    width: { type: 'string', default: '768' },
    classes: { type: 'string', default: '174' },
    threads: { type: 'string', default: '2' },
  },
});
const [count, width, classes, threads] = [values.count, values.width, values.classes, values.threads].map(Number) as [
  ...[number, number, number, number],
];
const { python } = values;
const K = 12;
const CHECKED = Math.min(3000, count);

const DIRECTIONS = 32;

/** Features [count, width]: point i is of class i mod classes, 0.25 to 1 times as wide as the centres lie apart. */
function makeFeatures(): Points {
  const random = rng(0, 'features of the projection bench');
  const bits = bulkBits(rng(0, 'noise of the projection bench'));
  const normal = (): number =>
    Math.sqrt(-2 * Math.log((bits() + 0.5) / 0x100000000)) * Math.cos((2 * Math.PI * bits()) / 0x100000000);
  const sizes = Array.from({ length: DIRECTIONS }, (_, r) => 1 / (1 + r / 8));
  const centres = Float64Array.from({ length: classes * DIRECTIONS }, () => random.normal());
  const spreads = Array.from({ length: classes }, () => 0.25 * 4 ** random.uniform());
  const directions = Float64Array.from({ length: DIRECTIONS * width }, () => random.normal());
  const data = new Float32Array(count * width);
  const point = new Float64Array(width);
  for (let i = 0; i < count; i++) {
    const own = i % classes;
    for (let d = 0; d < width; d++) point[d] = 0.02 * normal();
    for (const [r, size] of sizes.entries()) {
      const along = size * ((centres[own * DIRECTIONS + r] as number) + (spreads[own] as number) * normal());
      for (let d = 0; d < width; d++) {
        point[d] = (point[d] as number) + along * (directions[r * width + d] as number);
      }
    }
    data.set(point, i * width);
  }
  return { data, count, width };
}

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly map: Float32Array;
}

async function ours(make: () => Promise<Float32Array>): Promise<Taken> {
  const before = process.cpuUsage();
  const start = performance.now();
  const map = await make();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6, map };
}

const floats = async (file: string): Promise<Float32Array> => {
  const bytes = await readFile(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};

async function runPython(...args: readonly string[]): Promise<Record<string, number>> {
  const { stdout } = await promisify(execFile)(python as string, [path.resolve('test/peers/projection.py'), ...args], {
    env: { ...process.env, OMP_NUM_THREADS: String(threads), NUMBA_NUM_THREADS: String(threads) },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string);
}

async function theirs(kind: 'tsne' | 'umap', file: string): Promise<Taken> {
  const out = `${file}.${kind}`;
  const { seconds = 0, cpuSeconds = 0 } = await runPython(
    ...[kind, file, String(count), String(width), out, String(threads)],
  );
  return { seconds, cpuSeconds, map: await floats(out) };
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-projection-'));
try {
  const features = makeFeatures();
  const file = path.join(folder, 'features.f32');
  if (python !== undefined) await writeFile(file, features.data);
  const all: Readonly<Record<string, () => Promise<Taken>>> = {
    tsne: () => ours(() => tsne(features, { threads })),
    umap: () => ours(() => umap(features, { threads })),
    ...(python !== undefined && {
      'scikit-learn': () => theirs('tsne', file),
      'umap-learn': () => theirs('umap', file),
    }),
  };
  console.log(
    `${count} features of ${width} numbers in ${classes} classes, ${threads} threads; ${os.cpus()[0]?.model}`,
  );
  for (const name of values.only.split(',')) {
    const run = all[name];
    if (run === undefined) continue;
    const { seconds, cpuSeconds, map } = await run();
    const load = os.loadavg()[0] as number;
    const trust = await trustworthiness(features, map, K, { threads });
    console.log(
      `${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)} s   ${cpuSeconds.toFixed(1).padStart(7)} s of CPU   ` +
        `trustworthiness ${trust.toFixed(4)}   load ${load.toFixed(1)}`,
    );
    if (name === 'tsne' && python !== undefined) await check(features, map, path.join(folder, 'part.f32'));
  }
} finally {
  await rm(folder, { recursive: true });
}

/** The same number from scikit-learn, on the first points. */
async function check(features: Points, map: Float32Array, file: string): Promise<void> {
  const part = { data: features.data.subarray(0, CHECKED * width), count: CHECKED, width };
  const partMap = map.subarray(0, 2 * CHECKED);
  await writeFile(file, part.data);
  await writeFile(`${file}.map`, partMap);
  const { trustworthiness: expected = Number.NaN } = await runPython(
    ...['trust', file, String(CHECKED), String(width), `${file}.map`],
  );
  const found = await trustworthiness(part, partMap, K, { threads });
  const off = Math.abs(found - expected);
  if (!(off < 1e-9)) throw new Error(`trustworthiness ${found} is ${expected} by scikit-learn`);
  console.log(`trustworthiness of ${CHECKED} points is scikit-learn's to ${off.toExponential(1)}`);
}
