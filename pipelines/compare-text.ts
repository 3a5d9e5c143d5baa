/** A comparison of runs as a table for the terminal, as Markdown and as CSV. */
import type { MeanDeviation } from '../src/eval/mean-deviation.ts';
import { type CsvCell, csvText } from '../src/formats/csv.ts';
import type { ComparableDifference, ComparedRow, Comparison, Difference, MeasuredRow } from '../src/results/index.ts';
import { meanText } from './sweep-text.ts';
import { formatTable } from './table.ts';

interface Column {
  readonly header: string;
  readonly cell: (row: ComparedRow, index: number) => string;
  /** Names and words, to the left. */
  readonly words?: true;
  readonly shown?: boolean;
}

export function compareText(comparison: Comparison): string {
  const columns = columnsOf(comparison, (text) => text);
  const table = formatTable(
    columns.map(({ header }) => header),
    comparison.rows.map((row, i) => columns.map(({ cell }) => cell(row, i))),
  );
  return [table, '', ...notesOf(comparison)].join('\n');
}

/** A table as GitHub's Markdown has them, and what is to be said of it as a list. */
export function compareMarkdown(comparison: Comparison): string {
  const columns = columnsOf(comparison, escaped);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ header }) => header)),
    line(columns.map(({ words }) => (words ? ':---' : '---:'))),
    ...comparison.rows.map((row, i) => line(columns.map(({ cell }) => cell(row, i)))),
    '',
    ...notesOf(comparison).map((note) => `- ${escaped(note)}`),
  ].join('\n');
}

/** Foreign text that Markdown would take for its own, or for HTML. */
function escaped(text: string): string {
  return text.replaceAll(/[\\|<>*_`[\]#~&]/g, '\\$&').replaceAll(/\s+/g, ' ');
}

/** @param quoted what becomes of foreign text */
function columnsOf({ against, rows }: Comparison, quoted: (text: string) => string): Column[] {
  const baseline = rows[against] as ComparedRow;
  const measured = rows.flatMap(({ result }) => (result === undefined ? [] : [result]));
  const [noun, k] = [measured[0]?.noun ?? 'video', Math.max(...measured.map((result) => result.k), 0)];
  const ofResult = (of: (result: MeasuredRow) => string) => (row: ComparedRow) =>
    row.result === undefined ? '' : of(row.result);
  const columns: Column[] = [
    { header: 'run', words: true, cell: ({ name }) => quoted(name) },
    { header: 'method', words: true, cell: ({ method }) => quoted(method) },
    {
      header: 'backbone',
      words: true,
      cell: (row) => quoted(backboneText(row)),
      shown: rows.some((row) => backboneText(row) !== backboneText(baseline)),
    },
    {
      header: 'seeds',
      cell: ({ seeds }) => seeds.join(', '),
      shown: rows.some(({ seeds }) => seeds.length > 1 || seeds[0] !== baseline.seeds[0]),
    },
    { header: 'trained', cell: ({ parameters }) => parameters?.trained.toLocaleString('en-US') ?? '' },
    {
      header: 'of backbone',
      cell: ({ parameters }) => (parameters === undefined ? '' : percent(parameters.share)),
    },
    { header: 'top-1', cell: ofResult(({ top1 }) => meanText(top1)), shown: measured.length > 0 },
    { header: `top-${k}`, cell: ofResult(({ top5 }) => meanText(top5)), shown: measured.length > 0 },
    {
      header: `${noun}s`,
      cell: ofResult(({ videos }) => videos.toLocaleString('en-US')),
      shown: measured.length > 0,
    },
    {
      header: 'validation top-1, single view',
      cell: ({ result, validation }) =>
        result === undefined && validation !== undefined ? meanText(validation.top1) : '',
      shown: measured.length < rows.length,
    },
    {
      header: `to ${quoted(baseline.name)}, points`,
      cell: ({ difference }) => differenceText(difference),
      shown: rows.some(({ difference }) => difference !== undefined),
    },
    {
      header: 'p',
      cell: ({ difference }) => pText(difference),
      shown: rows.some(({ difference }) => difference !== undefined && 'pValue' in difference),
    },
  ];
  return columns.filter(({ shown = true }) => shown);
}

const backboneText = ({ backbone, weights }: ComparedRow): string =>
  `${backbone}, ${weights === 'random' ? 'random weights' : weights}`;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** `+9.89 [+2.20, +17.58]`. */
function differenceText(difference: Difference | undefined): string {
  if (difference === undefined) return '';
  if ('incomparable' in difference) return 'not comparable';
  return `${points(difference.difference)} [${points(difference.low)}, ${points(difference.high)}]`;
}

function points(share: number): string {
  const text = (100 * share).toFixed(2);
  return Number(text) === 0 ? '0.00' : share > 0 ? `+${text}` : text;
}

function pText(difference: Difference | undefined): string {
  if (difference === undefined || 'incomparable' in difference || difference.pValue === undefined) return '';
  const { pValue } = difference;
  return pValue < 0.001 ? pValue.toExponential(0) : pValue.toFixed(3);
}

/** What is to be said of the numbers. */
function notesOf({ against, rows }: Comparison): string[] {
  const baseline = rows[against] as ComparedRow;
  return [
    ...protocolNotes(rows),
    ...(rows.every((row) => backboneText(row) === backboneText(baseline))
      ? [`backbone: ${backboneText(baseline)}`]
      : []),
    'of backbone: trained parameters outside the head, as a share of those of the backbone',
    ...differenceNotes(rows, baseline),
    ...(rows.some(({ seeds }) => seeds.length > 1) ? ['±: sample deviation over the seeds'] : []),
    ...rows.flatMap(({ remarks }) => remarks),
  ];
}

/** Once where it is common to all, else for each that has it. */
function protocolNotes(rows: readonly ComparedRow[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, result } of rows) {
    if (result === undefined) continue;
    const { text } = result.protocol;
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  return [...names].map(([text, own]) =>
    names.size === 1 ? `protocol: ${text}` : `protocol of ${own.join(', ')}: ${text}`,
  );
}

function differenceNotes(rows: readonly ComparedRow[], baseline: ComparedRow): string[] {
  const compared = rows.flatMap(({ name, difference }) => (difference === undefined ? [] : [{ name, difference }]));
  const numbers = compared.flatMap(({ difference }) => ('incomparable' in difference ? [] : [difference]));
  const [first] = numbers;
  return [
    ...(first === undefined ? [] : [intervalNote(first, baseline, rows)]),
    ...(numbers.some(({ pValue }) => pValue !== undefined)
      ? ["p: McNemar's exact test, two-sided; it is the more cautious of the two where few videos differ"]
      : []),
    ...compared.flatMap(({ name, difference }) => {
      if ('incomparable' in difference) {
        return [`${name} is not compared to ${baseline.name}: ${difference.incomparable}`];
      }
      return difference.remarks.map((remark) => `${name} to ${baseline.name}: ${remark}`);
    }),
  ];
}

function intervalNote(
  { confidence, resamples }: ComparableDifference,
  { name }: ComparedRow,
  rows: readonly ComparedRow[],
): string {
  const seeds = rows.some((row) => row.seeds.length > 1) ? ', and not of other seeds' : '';
  return `to ${name}: difference of top-1, with the ${100 * confidence} % interval of a paired bootstrap over the videos (${resamples.toLocaleString('en-US')} resamples); it speaks of other videos of the kind${seeds}`;
}

const HEADER = [
  ...['run', 'method', 'backbone', 'weights', 'seeds', 'trained', 'trainedWithoutHead', 'backboneParameters', 'share'],
  ...['top1', 'top1Deviation', 'top5', 'top5Deviation', 'k', 'videos', 'validationTop1', 'validationTop1Deviation'],
  ...['against', 'comparedVideos', 'difference', 'low', 'high', 'pValue', 'protocol', 'remarks'],
];

/** One line for each row; shares in [0, 1], and differences in the same. */
export function compareCsv({ against, rows }: Comparison): string {
  const baseline = rows[against] as ComparedRow;
  const mean = (value: MeanDeviation | undefined): CsvCell[] => [value?.mean, value?.deviation];
  return csvText([
    HEADER,
    ...rows.map((row) => {
      const { name, method, backbone, weights, seeds, parameters, result, validation, difference } = row;
      const compared = difference === undefined || 'incomparable' in difference ? undefined : difference;
      const said =
        difference === undefined ? [] : 'incomparable' in difference ? [difference.incomparable] : difference.remarks;
      return [
        ...[name, method, backbone, weights, seeds.join(' ')],
        ...[parameters?.trained, parameters?.withoutHead, parameters?.backbone, parameters?.share],
        ...[...mean(result?.top1), ...mean(result?.top5), result?.k, result?.videos, ...mean(validation?.top1)],
        ...[difference === undefined ? undefined : baseline.name, compared?.videos],
        ...[compared?.difference, compared?.low, compared?.high, compared?.pValue],
        ...[result?.protocol.text, [...said, ...row.remarks].join('; ')],
      ];
    }),
  ]);
}
