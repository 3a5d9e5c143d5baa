/** `petl-video compare`: runs side by side. */
import path from 'node:path';
import { usageError } from '../src/errors/index.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import { type Comparison, compareRuns, findRuns, readResults } from '../src/results/index.ts';
import type { Command } from './command.ts';
import { compareCsv, compareMarkdown, compareText } from './compare-text.ts';
import { oneOf } from './one-of.ts';

const FORMATS = {
  text: compareText,
  markdown: compareMarkdown,
  csv: compareCsv,
  json: (comparison: Comparison): string => JSON.stringify(compareJson(comparison), null, 2),
} as const;
type Format = keyof typeof FORMATS;
const NAMES = Object.keys(FORMATS) as Format[];

export const compare: Command = {
  name: 'compare',
  summary: 'Set runs side by side: trained parameters, top-1 with its protocol, and the difference with its interval',
  arguments: [{ name: '<runs...>', description: 'folders of runs, or folders below which there are some' }],
  options: [
    { flags: '--against <run>', description: 'the run that the others are compared to (default: the first)' },
    { flags: '--each', description: 'a row for each run, where runs that differ in train.seed alone are one row' },
    { flags: '--format <name>', description: `${NAMES.join(', ')} (default: text)` },
    { flags: '--out <file>', description: 'write it there too, in that format' },
  ],
  examples: [
    'petl-video compare runs/hmdb51-linear-vit-b runs/hmdb51-adaptformer-vit-b',
    'petl-video compare runs --against runs/hmdb51-full-vit-b',
    'petl-video compare runs --format markdown --out table.md',
    'petl-video compare runs --each --json',
  ],
  async run([places], options, { reporter }) {
    const asked = options.format as string | undefined;
    const format = asked === undefined ? 'text' : oneOf('--format', asked, NAMES);
    const out = options.out as string | undefined;
    if (options.json === true && out === undefined && asked !== undefined && format !== 'json') {
      throw usageError(`--json and --format ${format} are two answers`, { remedy: 'leave one out' });
    }
    const against = options.against as string | undefined;
    const folders = await findRuns(places as readonly string[]);
    if (against !== undefined && !folders.some((folder) => path.resolve(folder) === path.resolve(against))) {
      throw usageError(`--against ${against} is not among the runs`, { remedy: 'name it before the options too' });
    }
    const runs = [];
    for (const folder of folders) runs.push(await readResults(folder));
    const comparison = compareRuns(runs, {
      each: options.each === true,
      ...(against === undefined ? {} : { against }),
    });
    const text = FORMATS[format](comparison);
    if (out !== undefined) {
      await writeFileAtomic(out, text.endsWith('\n') ? text : `${text}\n`);
      reporter.note(`written to ${out}`);
    }
    reporter.result(text.trimEnd(), compareJson(comparison));
  },
};

function compareJson({ against, rows }: Comparison): object {
  return { against: rows[against]?.name, rows };
}
