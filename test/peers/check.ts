/**
 * Which frames others deliver in place of those asked for: each picture of theirs is held against the full decode of the file.
 *
 *   npm run check:peers -- --source SAMPLES --python VENV/bin/python [--only pyav,opencv,…] [--json FILE]
 *
 * SAMPLES as for `bench.ts`; the odd videos that the tests make are asked for too.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { rng } from '../../src/tensor/random.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { fullDecode } from '../video/full-decode.ts';
import { ODD_VIDEOS } from '../video/odd-videos.ts';
import { DATA_SETS, entriesOf } from './work.ts';

const { values } = parseArgs({
  options: {
    source: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    only: {
      type: 'string',
      default: 'pyav,pyav-skip,opencv,opencv-seek,decord,torchcodec-exact,torchcodec-approximate',
    },
    json: { type: 'string' },
  },
});

interface Case {
  readonly name: string;
  readonly file: string;
  readonly raw: string;
  readonly width: number;
  readonly height: number;
  readonly frames: readonly number[];
}

interface Answer {
  readonly file: string;
  readonly asked: number;
  readonly wrong: readonly (readonly [frame: number, instead: number | string])[];
  readonly refused?: string;
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'petl-check-'));

async function caseOf(name: string, file: string, index: number): Promise<Case | undefined> {
  const { frames, width, height, verdict } = await probeVideo(ffmpeg, file);
  if (verdict === 'unreadable') return undefined;
  const raw = path.join(folder, `${index}.raw`);
  await writeFile(raw, (await fullDecode(ffmpeg, file, { width, height })).data);
  const random = rng(9, 'check', index);
  const start = random.integer(frames);
  const asked = [start, start + 1, frames - 1, ...Array.from({ length: 8 }, () => random.integer(frames))];
  return { name, file, raw, width, height, frames: asked.filter((frame) => frame < frames) };
}

/** A contender's answers. A case that ends it (decord may crash) or holds it up for long is left out as such. */
async function ask(contender: string, cases: readonly Case[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < cases.length; at = answers.length) {
    const list = path.join(folder, 'cases.json');
    await writeFile(list, JSON.stringify(cases.slice(at)));
    const script = path.resolve('test', 'peers', 'peers.py');
    const child = spawn(values.python, [script, 'check', contender, list], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    let timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      clearTimeout(timer);
      timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearTimeout(timer);
    const lines = text.split('\n').filter((line) => line.endsWith('}'));
    answers.push(...lines.map((line) => JSON.parse(line) as Answer));
    if (lines.length === 0 && at === 0 && code !== 0 && signal === null) return [];
    const next = cases[answers.length];
    if (next === undefined) break;
    const how = signal === 'SIGKILL' ? 'hangs' : `crashes (${signal ?? code})`;
    answers.push({ file: next.file, asked: next.frames.length, wrong: [], refused: how });
  }
  return answers;
}

try {
  const cases: Case[] = [];
  const add = async (name: string, file: string): Promise<void> => {
    const made = await caseOf(name, file, cases.length);
    if (made !== undefined) cases.push(made);
  };
  if (values.source !== undefined) {
    for (const set of DATA_SETS) {
      for (const { file } of await entriesOf(ffmpeg, values.source, set)) {
        await add(`${set.name}: ${file}`, path.resolve(values.source, set.folder, file));
      }
    }
  }
  for (const [name, video] of Object.entries(ODD_VIDEOS)) {
    if (/^the name|8K|folder|one pixel|two by two/.test(name)) continue;
    const own = path.join(folder, `odd-${cases.length}`);
    await mkdir(own, { recursive: true });
    await add(name, await video.make(ffmpeg, own));
  }
  const results: Record<string, Answer[]> = {};
  for (const contender of values.only.split(',')) {
    const answers = await ask(contender, cases);
    results[contender] = answers;
    const wrong = answers.flatMap((answer, i) =>
      answer.wrong.length > 0 ? [{ ...answer, name: cases[i]?.name }] : [],
    );
    const refused = answers.flatMap((answer, i) =>
      answer.refused === undefined ? [] : [`${cases[i]?.name} (${answer.refused})`],
    );
    console.log(
      `\n## ${contender}: ${answers.length} videos, wrong frames in ${wrong.length}, refused ${refused.length}\n`,
    );
    for (const { name, asked, wrong: frames } of wrong) {
      console.log(`- ${name}: ${frames.length} of ${asked}, such as ${frames[0]?.join(' → ')}`);
    }
    for (const line of refused) console.log(`- refused: ${line.slice(0, 140)}`);
  }
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(results, null, 1));
} finally {
  await rm(folder, { recursive: true, force: true });
}
