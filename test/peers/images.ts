/**
 * How fast training images come, from us and from the loops that PyTorch's loaders run: Pillow (as torchvision does it) and
 * OpenCV.
 *
 *   python3 -m venv VENV && VENV/bin/pip install pillow numpy opencv-python-headless
 *   npm run bench:images -- --source PREPARED --python VENV/bin/python [--rounds 7] [--images 1000] [--workers 2]
 *
 * PREPARED is a folder that `petl-video prepare` made of images. Work: random-resized crops (8 to 100 % of the area) to 224²,
 * bicubic, mirrored half of the time; each contender has the same ones. Ours is the loader with all its threads, batches of
 * 64; peers are as many processes as workers, which leave their pictures in their own memory. After a round to warm up,
 * rounds are interleaved, in an order that rotates. CPU is that of the process with all its threads.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { trainVisit } from '../../src/data/draw.ts';
import { openLoaderThread } from '../../src/data/loader-thread.ts';
import { isUsable } from '../../src/data/manifest.ts';
import { readDataset, readSplit } from '../../src/data/read-dataset.ts';
import { ffmpeg } from '../video/ffmpegs.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '7' },
    images: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '2' },
  },
});
if (values.source === undefined) throw new Error('--source names a prepared folder of images');
const [rounds, images, workers] = [Number(values.rounds), Number(values.images), Number(values.workers)];
const BATCH = 64;

interface Taken {
  readonly seconds: number;
  readonly cpuSeconds: number;
}
interface Contender {
  readonly name: string;
  run(): Promise<Taken>;
  close(): Promise<void>;
}

const dataset = await readDataset(values.source);
const entries = (await readSplit(values.source, dataset, 'train', undefined)).filter(isUsable);
const clip = {
  ...({ frames: 1, stride: 1, size: 224, sampling: 'adaptformer-dense', crop: 'random-resized' } as const),
  ...({ cropScale: [0.08, 1], flip: true, repeats: 1, interpolation: 'bicubic' } as const),
};
const draw = { root: dataset.root, clip, seed: 0 };
const indices = Array.from({ length: images }, (_, i) => i % entries.length);

function ours(): Contender {
  const source = { ...draw, splits: { train: entries }, retries: 0, onError: 'fail' } as const;
  const loader = openLoaderThread({ ffmpeg, concurrency: workers, source });
  const batches = Array.from({ length: Math.ceil(images / BATCH) }, (_, i) =>
    indices.slice(i * BATCH, (i + 1) * BATCH),
  );
  return {
    name: 'petl-video',
    async run() {
      const cpu = process.cpuUsage();
      const start = performance.now();
      const take = async (batch: readonly number[]) => {
        (await loader.trainBatch('train', Uint32Array.from(batch), 0)).release();
      };
      let last: Promise<void> = Promise.resolve();
      for (const batch of batches) {
        const next = take(batch);
        await last;
        last = next;
      }
      await last;
      const { user, system } = process.cpuUsage(cpu);
      return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 };
    },
    close: () => loader.close(),
  };
}

function peer(name: string, work: string): Contender {
  const script = path.resolve('test', 'peers', 'images.py');
  const children = Array.from({ length: workers }, () => {
    const child = spawn(values.python, [script, name, work], { stdio: ['pipe', 'pipe', 'inherit'] });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  return {
    name,
    async run() {
      const start = performance.now();
      const each = await Promise.all(
        children.map(async ({ child, lines }, k) => {
          child.stdin.write(`${JSON.stringify(indices.filter((_, i) => i % workers === k))}\n`);
          return Number((await lines.next()).value);
        }),
      );
      const cpuSeconds = each.reduce((sum, seconds) => sum + seconds, 0);
      return { seconds: (performance.now() - start) / 1000, cpuSeconds };
    },
    async close() {
      for (const { child } of children) child.stdin.end();
    },
  };
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number;

const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-images-'));
try {
  const work = path.join(folder, 'work.json');
  const visits = entries.map((entry, i) => {
    const { file, clips } = trainVisit(draw, entry, i, 0);
    const { x = 0, y = 0, width = 0, height = 0 } = clips[0].crop ?? {};
    return [file, [x, y, width, height], clips[0].flip];
  });
  await writeFile(work, JSON.stringify({ size: clip.size, visits }));
  const contenders = [ours(), peer('pil', work), peer('opencv', work)];
  const taken = contenders.map((): Taken[] => []);
  try {
    for (let round = -1; round < rounds; round++) {
      for (let i = 0; i < contenders.length; i++) {
        const at = (i + round + 1) % contenders.length;
        const one = await (contenders[at] as Contender).run();
        if (round >= 0) taken[at]?.push(one);
      }
    }
  } finally {
    await Promise.all(contenders.map((one) => one.close()));
  }
  console.log(`${images} images a round, ${rounds} rounds, ${workers} workers; medians`);
  for (const [i, { name }] of contenders.entries()) {
    const own = taken[i] as Taken[];
    const speed = images / median(own.map(({ seconds }) => seconds));
    const cpu = (1000 * median(own.map(({ cpuSeconds }) => cpuSeconds))) / images;
    console.log(`${name.padEnd(12)} ${speed.toFixed(0).padStart(6)} images/s   ${cpu.toFixed(2)} ms of CPU an image`);
  }
} finally {
  await rm(folder, { recursive: true });
}
