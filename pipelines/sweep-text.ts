/** What is printed of a sweep: the validation top-1 of all settings, the test top-1 of the chosen one. */
import path from 'node:path';
import { countsText } from '../src/eval/counts.ts';
import type { MeanDeviation } from '../src/eval/mean-deviation.ts';
import { nounOf } from '../src/eval/protocol.ts';
import { SWEEP_FILE, type SweepResult } from './sweep.ts';
import { formatTable } from './table.ts';

const percent = (share: number): string => (100 * share).toFixed(2);

export function meanText({ mean, deviation }: MeanDeviation): string {
  return deviation === undefined ? `${percent(mean)} %` : `${percent(mean)} ± ${percent(deviation)} %`;
}

export function sweepText({ folder, selection, tried, chosen, final }: SweepResult): string {
  const lines: string[] = [];
  const [first] = final?.seeds ?? [];
  const noun = first === undefined ? 'video' : nounOf(first.protocol);
  if (selection !== null) {
    const counts = tried.find(({ validation }) => validation?.videos !== undefined)?.validation?.videos;
    lines.push(
      formatTable(
        ['setting', 'validation top-1 %', ''],
        tried.map(({ setting, validation, diverged }) => [
          setting,
          validation === null ? '' : percent(validation.top1),
          diverged === undefined ? (setting === chosen ? 'chosen' : '') : 'diverged',
        ]),
      ),
      `chosen by top-1 on the ${selection.validationSplit} split${counts === undefined ? '' : `, over ${countsText(counts, noun)}`}; single view, last epoch, seed ${selection.seed}, trained on ${selection.trainSplit}; of equal ones the first`,
      '',
    );
  }
  if (final !== null && first !== undefined) {
    const each = final.seeds.map(({ seed, top1 }) => `${seed}: ${percent(top1)}`).join(', ');
    lines.push(
      `${first.split} top-1 ${meanText(final.top1)}   (${first.protocol.text})`,
      `over ${countsText(first, noun)}; trained on ${final.trainSplit}`,
      final.seeds.length === 1 ? `seed ${each}` : `mean and sample deviation of ${final.seeds.length} seeds (${each})`,
    );
  }
  lines.push(`everything is in ${path.join(folder, SWEEP_FILE)}`);
  return lines.join('\n');
}
