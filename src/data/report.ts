/** What `prepare` found, next to what there should be: as data (`report.json`) and as text. */
import { type OfficialCount, splitTitle } from './listing.ts';
import { type Dataset, type Entry, isUsable, type SplitName, type Verdict } from './manifest.ts';
import { isImageFile } from './source-files.ts';

/** How many ids are named for each reason, and how many sizes and frame rates are told apart. */
const EXAMPLES = 3;
const KINDS = 5;

export interface SplitReport {
  readonly name: SplitName;
  readonly fold?: number;
  readonly listed: number;
  /** Entries by the makers' count; absent where there is none. */
  readonly official?: number;
  /** Files on the disk. */
  readonly found: number;
  /** Files with frames: `ok` or `damaged`. */
  readonly usable: number;
  readonly damaged: number;
  readonly unreadable: number;
  readonly missing: number;
}

export interface Problem {
  readonly verdict: Verdict;
  readonly reason: string;
  readonly entries: number;
  /** The first few ids. */
  readonly ids: readonly string[];
}

export interface Report {
  readonly name: string;
  readonly root: string;
  readonly classes: number;
  readonly officialClasses?: number;
  readonly flip: boolean;
  /** What lists and pixels came from, where the data set goes about in several forms. */
  readonly origin?: Readonly<Record<string, string>>;
  /** Present when only so many entries of each split were prepared. */
  readonly limit?: number;
  readonly splits: readonly SplitReport[];
  /** Over the usable files, each counted once. */
  readonly videos: number;
  readonly images: number;
  /** Frames of the videos; absent without videos. */
  readonly frames?: { readonly min: number; readonly median: number; readonly max: number };
  readonly hours: number;
  /** Most frequent first: `340x256` and frames per second, with their numbers of files. */
  readonly sizes: readonly (readonly [size: string, files: number])[];
  readonly fps: readonly (readonly [fps: string, files: number])[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

export function makeReport(
  dataset: Dataset,
  manifests: ReadonlyMap<string, readonly Entry[]>,
  stated: {
    readonly classes?: number;
    readonly official: readonly OfficialCount[];
    readonly notes: readonly string[];
    readonly limit?: number | undefined;
  },
): Report {
  const splits = dataset.splits.map((split): SplitReport => {
    const entries = manifests.get(split.manifest) as readonly Entry[];
    const count = (verdict: Verdict) => entries.filter((entry) => entry.verdict === verdict).length;
    const official = stated.official.find(({ split: name, fold }) => name === split.name && fold === split.fold);
    return {
      name: split.name,
      ...(split.fold === undefined ? {} : { fold: split.fold }),
      listed: split.listed,
      ...(official === undefined ? {} : { official: official.entries }),
      found: split.listed - count('missing'),
      usable: split.usable,
      damaged: count('damaged'),
      unreadable: count('unreadable'),
      missing: count('missing'),
    };
  });
  const unique = [...new Map([...manifests.values()].flat().map((entry) => [entry.file, entry])).values()];
  const usable = unique.filter(isUsable);
  const videos = usable.filter((entry) => !isImageFile(entry.file));
  const frames = videos.map((entry) => entry.frames).sort((a, b) => a - b);
  return {
    name: dataset.name,
    root: dataset.root,
    classes: dataset.classes.length,
    ...(stated.classes === undefined ? {} : { officialClasses: stated.classes }),
    flip: dataset.flip,
    ...(dataset.origin === undefined ? {} : { origin: dataset.origin }),
    ...(stated.limit === undefined ? {} : { limit: stated.limit }),
    splits,
    videos: videos.length,
    images: usable.length - videos.length,
    ...(frames.length === 0 ? {} : { frames: { min: at(frames, 0), median: at(frames, 0.5), max: at(frames, 1) } }),
    hours: videos.reduce((seconds, entry) => seconds + (entry.fps > 0 ? entry.frames / entry.fps : 0), 0) / 3600,
    sizes: mostFrequent(usable.map((entry) => `${entry.width}x${entry.height}`)),
    fps: mostFrequent(videos.map((entry) => String(Number(entry.fps.toFixed(2))))),
    problems: problemsOf(unique),
    notes: stated.notes,
  };
}

const at = (sorted: readonly number[], fraction: number) =>
  sorted[Math.floor(fraction * (sorted.length - 1))] as number;

function mostFrequent(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function problemsOf(entries: readonly Entry[]): Problem[] {
  const problems = new Map<string, { verdict: Verdict; reason: string; ids: string[] }>();
  for (const { id, verdict, reason = '' } of entries) {
    if (verdict === 'ok') continue;
    const problem = problems.get(`${verdict} ${reason}`) ?? { verdict, reason, ids: [] };
    problems.set(`${verdict} ${reason}`, problem);
    problem.ids.push(id);
  }
  return [...problems.values()]
    .sort((a, b) => b.ids.length - a.ids.length)
    .map(({ verdict, reason, ids }) => ({ verdict, reason, entries: ids.length, ids: ids.slice(0, EXAMPLES) }));
}

/** The report for a person: a table of the splits, then what the files are like, then what is wrong. */
export function formatReport(report: Report): string {
  const lines = [
    `${report.name}: ${number(report.classes)} classes${difference(report.classes, report.officialClasses)}`,
  ];
  lines.push(`files below ${report.root}`, '');
  const header = ['split', 'listed', 'official', 'found', 'usable', 'damaged', 'unreadable', 'missing'];
  const rows = report.splits.map((split) => [
    splitTitle(split),
    number(split.listed),
    split.official === undefined ? '-' : number(split.official),
    ...[split.found, split.usable, split.damaged, split.unreadable, split.missing].map(number),
  ]);
  lines.push(...formatTable([header, ...rows]), '');
  if (report.frames !== undefined) {
    const { min, median, max } = report.frames;
    lines.push(
      `${number(report.videos)} videos, ${report.hours.toFixed(report.hours < 10 ? 2 : 0)} hours`,
      `frames      ${number(min)} to ${number(max)}, median ${number(median)}`,
      `rates       ${formatKinds(report.fps, ' fps')}`,
    );
  }
  if (report.images > 0) lines.push(`${number(report.images)} images`);
  lines.push(`sizes       ${formatKinds(report.sizes, '')}`);
  for (const [what, words] of Object.entries(report.origin ?? {})) lines.push(`${what.padEnd(11)} ${words}`);
  lines.push(`mirroring   ${report.flip ? 'allowed' : 'changes the class: off'}`);
  const warnings = [...shortfalls(report), ...report.notes];
  if (warnings.length > 0) lines.push('', ...warnings.map((warning) => `! ${warning}`));
  for (const { verdict, reason, entries, ids } of report.problems.slice(0, KINDS)) {
    const more = entries > ids.length ? `, and ${number(entries - ids.length)} more` : '';
    lines.push(`! ${verdict}${reason === '' ? '' : `, ${reason}`}: ${ids.join(', ')}${more}`);
  }
  if (report.problems.length > KINDS) lines.push(`! ${report.problems.length - KINDS} more reasons in report.json`);
  return lines.join('\n');
}

/** What is not as it should be, in whole sentences. */
function shortfalls({ splits, limit }: Report): string[] {
  const lines: string[] = [];
  if (limit !== undefined)
    lines.push(`only ${number(limit)} entries of each split were prepared (--limit): a trial, no result`);
  for (const split of splits) {
    const title = splitTitle(split);
    const short = split.listed - (split.official ?? split.listed);
    if (limit === undefined && short !== 0) {
      const by = `${number(Math.abs(short))} ${short < 0 ? 'fewer' : 'more'}`;
      lines.push(`${title}: the list has ${by} entries than the official ${number(split.official ?? 0)}`);
    }
    const lost = split.listed - split.usable;
    if (split.usable === 0) lines.push(`${title}: no file is usable, this split cannot be used`);
    else if (lost > 0) {
      const share = ((100 * lost) / split.listed).toFixed(2);
      lines.push(`${title}: ${number(lost)} of ${number(split.listed)} entries are not usable (${share} %)`);
    }
  }
  return lines;
}

function difference(count: number, official: number | undefined): string {
  if (official === undefined) return '';
  return count === official ? ', as official' : `, official ${number(official)}`;
}

/** The first column flush left, the others flush right. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('  '),
  );
}

function formatKinds(kinds: readonly (readonly [string, number])[], unit: string): string {
  const shown = kinds.slice(0, KINDS).map(([kind, files]) => `${kind}${unit} (${number(files)})`);
  return [...shown, ...(kinds.length > KINDS ? [`${kinds.length - KINDS} others`] : [])].join(', ');
}

const number = (value: number) => value.toLocaleString('en-US');
