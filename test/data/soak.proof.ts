/**
 * A day of reading in minutes: 100,000 visits of tiny videos through the real loader, with memory and descriptors of every
 * process of ours all along.
 *
 *   npm run proof:soak -- [--visits 100000] [--samples 100]
 *
 * Flat means: of each process the median memory of the last fifth of the time is at most 16 MiB above that of the second fifth
 * (the first is for heaps to grow to their size), and the median number of descriptors at most 2 above. Ends with 1 otherwise.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { descendants } from '../video/damage-trials.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { growthOf, leaks, soak } from './soak.ts';

const { values } = parseArgs({
  options: { visits: { type: 'string', default: '100000' }, samples: { type: 'string', default: '100' } },
});
const [visits, wanted] = [Number(values.visits), Number(values.samples)];
const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-soak-'));
const start = performance.now();
const seconds = (): string => ((performance.now() - start) / 1000).toFixed();
try {
  const samples = await soak({
    ...{ ffmpeg, folder, visits, samples: wanted },
    onSample({ visits: done, processes }) {
      const each = processes.map(
        ({ pid, rssMiB, descriptors }) => `${pid}: ${rssMiB.toFixed()} MiB, ${descriptors} fd`,
      );
      console.error(`${done} visits, ${seconds()} s   ${each.join('   ')}`);
    },
  });
  console.log('| process | MiB, second fifth | MiB, last fifth | descriptors, second fifth | last fifth |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const { pid, rssMiB, descriptors } of growthOf(samples)) {
    const who = pid === process.pid ? 'training' : 'loader or host';
    console.log(
      `| ${who} ${pid} | ${rssMiB.map((value) => value.toFixed(1)).join(' | ')} | ${descriptors.join(' | ')} |`,
    );
  }
  const faults = leaks(samples, { rssMiB: 16, descriptors: 2 });
  const left = descendants();
  if (left.length > 0) faults.push(`processes left: ${left}`);
  console.log(`\n${visits} visits in ${seconds()} s; ${faults.length === 0 ? 'flat' : faults.join('; ')}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}
