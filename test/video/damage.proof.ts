/**
 * Thousands of damaged videos, read as training reads them.
 *
 *   npm run proof:damage -- [--source SAMPLES] [--trials 2000] [--seed 1] [--from 0] [--at-once 4]
 *
 * Damages the videos below SAMPLES (where given) and some made here, each trial reading the damaged video between two sound
 * ones (see damage-trials.ts). Prints what became of them, and every fault; ends with 1 where there was one.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MADE, openSubject } from './damage-subject.ts';
import { descendants, readSound, type Trial, tryDamage } from './damage-trials.ts';
import { ffmpeg } from './ffmpegs.ts';
import { ODD_VIDEOS, type OddVideo } from './odd-videos.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    trials: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    'at-once': { type: 'string', default: '4' },
  },
});
const [trials, seed, from, atOnce] = [values.trials, values.seed, values.from, values['at-once']].map(Number) as [
  number,
  number,
  number,
  number,
];

/** Up to six of each folder; those of one class are alike. */
async function samplesBelow(source: string): Promise<string[]> {
  const names = (await readdir(source, { recursive: true }))
    .filter((name) => /\.(avi|mp4|webm|mov)$/.test(name))
    .sort();
  const before = (name: string, i: number): number =>
    names.slice(0, i).filter((other) => path.dirname(other) === path.dirname(name)).length;
  return names.filter((name, i) => before(name, i) < 6).map((name) => path.join(source, name));
}

/** Words that stay when numbers and places go, so that alike reasons count together. */
const kindOf = (reason: string): string =>
  reason
    .replace(/\(\d+(-\d+)?\)/g, '')
    .replace(/0x[0-9a-f]+|-?\d+/gi, 'N')
    .slice(0, 90);

function table(title: string, counts: ReadonlyMap<string, number>): void {
  console.log(`\n| ${title} | trials |\n| --- | --- |`);
  for (const [key, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`| ${key} | ${count} |`);
}

function count<T>(items: readonly T[], key: (item: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-damage-'));
// What is written for a while, here and in processes below, goes where nobody else writes.
const temporary = path.join(folder, 'temporary');
await mkdir(temporary);
process.env.TMPDIR = temporary;
const { subject, decoders } = openSubject(ffmpeg, 2);
const done: Trial[] = [];
const start = performance.now();
const faults: string[] = [];
try {
  const made = await Promise.all(
    MADE.map(async (name, i) => {
      const own = path.join(folder, `made-${i}`);
      await mkdir(own);
      return (ODD_VIDEOS[name] as OddVideo).make(ffmpeg, own);
    }),
  );
  const samples = values.source === undefined ? [] : await samplesBelow(path.resolve(values.source));
  const sound = await readSound(ffmpeg, subject, [...samples, ...made]);
  console.log(
    `${trials} trials of ${sound.length} videos (${samples.length} samples), seed ${seed}, ffmpeg ${ffmpeg.version}`,
  );
  let next = from;
  // Stopped early, it prints what it has.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      next = Number.POSITIVE_INFINITY;
    });
  }
  const work = async (): Promise<void> => {
    while (next < from + trials) {
      const trial = await tryDamage(next++, { ffmpeg, subject, sound, folder, seed, limitMs: 60_000 });
      done.push(trial);
      for (const fault of trial.faults) console.log(`FAULT ${fault}`);
      if (done.length % 100 === 0)
        console.error(`${done.length} trials, ${((performance.now() - start) / 1000).toFixed()} s`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
} finally {
  await decoders.close();
  const files = await readdir(temporary);
  if (files.length > 0) faults.push(`temporary files left: ${files}`);
  await rm(folder, { recursive: true, force: true });
}
faults.push(...done.flatMap((trial) => trial.faults));
const left = descendants();
if (left.length > 0) faults.push(`processes left: ${left}`);

table(
  'verdict of a probe after the damage',
  count(done, ({ verdict }) => verdict),
);
table(
  'visit after that probe',
  count(done, ({ afterProbe }) => afterProbe.kind),
);
table(
  'visit with what a probe found before the damage',
  count(done, ({ preparedBefore }) => preparedBefore.kind),
);
table(
  'refused because',
  count(
    done
      .flatMap(({ afterProbe, preparedBefore }) => [afterProbe, preparedBefore])
      .filter(({ kind }) => kind === 'refused'),
    ({ reason = '' }) => kindOf(reason),
  ),
);
console.log(`\n${done.length} trials in ${((performance.now() - start) / 1000).toFixed()} s, ${faults.length} faults`);
for (const fault of faults) console.log(`FAULT ${fault}`);
process.exitCode = faults.length > 0 ? 1 : 0;
