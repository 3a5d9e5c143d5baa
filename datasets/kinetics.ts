/**
 * Kinetics-400, -600 and -700 (Kay et al. 2017; Carreira et al. 2018, 2019): clips of 10 s, cut from YouTube videos many
 * of which are gone, so that no two copies hold the same files.
 *
 * train.csv, validate.csv or val.csv, test.csv    label,youtube_id,time_start,time_end,split[,is_cc]; test without label
 *
 * The label of a class is the rank of its raw name among the sorted names of the training list. Names changed to
 * folder names sort differently (`skiing (not slalom or crosscountry)`, `skiing crosscountry`), so they never decide.
 *
 * Copies differ in folders and in names: `<id>_000012_000022.mp4` or `<id>.mp4`, flat, by class or by volume. Every
 * file is found by its name alone: the id is its first 11 characters, which may be `-` or `_`. Files below a folder
 * `replacement…` stand in for damaged ones of the same id.
 */
import path from 'node:path';
import { findByName, readTable, type Table, type TableRow } from '../src/data/annotation.ts';
import type { ListedSplit, Listing, OfficialCount } from '../src/data/listing.ts';
import type { Listed, SplitName } from '../src/data/manifest.ts';
import { isVideoFile, type SourceFiles, stemOf } from '../src/data/source-files.ts';
import { dataError } from '../src/errors/index.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, scanSource } from './dataset.ts';

type Version = 400 | 600 | 700;

const SPLIT_FILES: readonly [SplitName, string][] = [
  ['train', 'train'],
  ['validation', 'val|validate|validation'],
  ['test', 'test'],
];

/** Rows of the annotation lists. Training and validation of 400 as its replacement set counts them, 700 as in its paper. */
export const kinetics400 = kinetics(400, [246_534, 19_906, 38_685]);
export const kinetics600 = kinetics(600, [392_622, 30_000, 72_924]);
export const kinetics700 = kinetics(700, [545_317, 35_000, 70_000]);

function kinetics(
  version: Version,
  rows: readonly [train: number, validation: number, test: number],
): DatasetDefinition {
  const definition: DatasetDefinition = {
    name: `kinetics${version}`,
    title: `Kinetics-${version}`,
    homepage: 'https://github.com/cvdfoundation/kinetics-dataset',
    download: 'the video archives and the annotation lists train.csv, val.csv and test.csv',
    archives: {
      names:
        'part_<n>.tar.gz and any in a folder train, val or test, k…_<split>_<n>.tar.gz, replacement_for_corrupted_k400.tgz and kinetics….tar.gz',
      videos: [
        /^(k[467]00[-_a-z0-9]*_)?part[-_]\d+\.(tar|tgz|tar\.gz)$/i,
        /(^|\/)(train|val|validate|validation|test)\/[^/]+\.(tar|tgz|tar\.gz)$/i,
        /^k[467]00(_2020)?_(train|val|validate|validation|test)_\d+\.(tar|tgz|tar\.gz)$/i,
        /^replacement_for_corrupted_k\d00\.(tgz|tar|tar\.gz)$/i,
      ],
      annotations: [/^kinetics[-_]?[467]00(_2020)?\.(tgz|tar|tar\.gz)$/i],
    },
    classes: version,
    official: SPLIT_FILES.map(([split], i): OfficialCount => ({ split, entries: rows[i] as number })),
    flip: true,
    sampling: { kind: 'dense', frames: 16, stride: 4, views: [5, 3] },
    options: ['annotations'],
    list: (source, options) => list(definition, version, source, options),
  };
  return definition;
}

async function list(
  definition: DatasetDefinition,
  version: Version,
  source: string,
  options: ListOptions,
): Promise<Listing> {
  const { videos, searched } = await scanSource(source, options);
  const notes: string[] = [];
  const rows = new Map<SplitName, Segment[]>();
  for (const [split, names] of SPLIT_FILES) {
    const table = await readSplitTable(searched, version, names, notes);
    if (table === undefined) notes.push(`no ${split} list was found: no ${split} split`);
    else rows.set(split, withoutRepeats(table.rows.map(readSegment), split, notes));
  }
  if (rows.size === 0) {
    throw annotationMissing(
      definition,
      'train.csv, val.csv, test.csv or kinetics-…_train.csv, … with a youtube_id',
      searched,
    );
  }
  dropLeaks(rows, notes);

  const classes = classNames(rows, version, notes);
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const resolve = fileResolver(videos, notes);
  if (resolve === undefined) throw mediaMissing(definition, videos);
  const files = new Map<Segment, string>();
  // Evaluation first: where two rows could mean the same file, it is not the training split that gets it.
  for (const split of ['validation', 'test', 'train'] as const) {
    for (const row of rows.get(split) ?? []) files.set(row, resolve(row) ?? `${row.id}.mp4`);
  }
  const splits = [...rows].map(([name, segments]): ListedSplit => {
    return {
      name,
      entries: segments.map((row): Listed => ({ id: row.id, file: files.get(row) as string, label: label(row, name) })),
    };
  });
  return { classes, root: videos.root, splits, notes };

  function label(row: Segment, split: SplitName): number {
    if (row.label === undefined && split === 'test') return -1;
    const found = row.label === undefined ? undefined : labelOf.get(row.label);
    if (found !== undefined) return found;
    const what =
      row.label === undefined ? 'the label is missing' : `the label "${row.label}" is not in the training list`;
    throw dataError(what, { at: row.at, remedy: 'take all lists from the same download of the same version' });
  }
}

interface Segment {
  /** `<youtube id>_<start>_<end>`, six digits each: one video may give several clips. */
  readonly id: string;
  readonly youtubeId: string;
  readonly label: string | undefined;
  readonly at: string;
}

function readSegment(row: TableRow): Segment {
  const youtubeId = row.get('youtube_id') ?? '';
  if (!/^[\w-]{11}$/.test(youtubeId))
    throw dataError(`"${youtubeId}" is no YouTube id of 11 characters`, { at: row.at });
  const [start, end] = ['time_start', 'time_end'].map((column) => {
    // Some lists write times as floats.
    const text = row.get(column) ?? '';
    const seconds = text === '' ? Number.NaN : Math.trunc(Number(text));
    if (!(seconds >= 0)) throw dataError(`${column} is "${text}", not a number of seconds`, { at: row.at });
    return String(seconds).padStart(6, '0');
  });
  return { id: `${youtubeId}_${start}_${end}`, youtubeId, label: row.get('label') || undefined, at: row.at };
}

/**
 * The list of one split. Folders and names that speak of another version are left aside, so are files without the
 * official columns (other tools write their own train.csv); of several, the one with most rows is taken, because the
 * hosted train.csv of Kinetics-600 is incomplete where its train.txt is not.
 */
async function readSplitTable(
  searched: SourceFiles,
  version: Version,
  names: string,
  notes: string[],
): Promise<Table | undefined> {
  const candidates: { file: string; table: Table }[] = [];
  for (const file of findByName(
    searched,
    new RegExp(`^(k(inetics)?[-_]?(\\d+)?([-_]2020)?[-_])?(${names})(list)?\\.(csv|txt)$`, 'i'),
  )) {
    const versions = [...path.relative(searched.root, file).matchAll(/k(?:inetics)?[-_]?([467]00)/gi)].map((m) =>
      Number(m[1]),
    );
    if (versions.length > 0 && !versions.includes(version)) continue;
    const table = await readTable(file);
    if (['youtube_id', 'time_start', 'time_end'].every((column) => table.columns.includes(column))) {
      candidates.push({ file, table });
    }
  }
  candidates.sort((a, b) => b.table.rows.length - a.table.rows.length);
  const [best, next] = candidates;
  if (best !== undefined && next !== undefined && next.table.rows.length < best.table.rows.length) {
    const count = ({ file, table }: typeof best) => `${path.relative(searched.root, file)} (${table.rows.length} rows)`;
    notes.push(`took ${count(best)} rather than ${count(next)}`);
  }
  return best?.table;
}

/** The same clip on two lines of a list counts once. */
function withoutRepeats(rows: readonly Segment[], split: SplitName, notes: string[]): Segment[] {
  const first = new Map<string, Segment>();
  for (const row of rows) if (!first.has(row.id)) first.set(row.id, row);
  const repeats = rows.length - first.size;
  if (repeats > 0) notes.push(`${repeats} lines of the ${split} list repeat a clip and were dropped`);
  return [...first.values()];
}

/** A clip that is listed for training and for evaluation is no longer trained on. */
function dropLeaks(rows: Map<SplitName, Segment[]>, notes: string[]): void {
  const train = rows.get('train');
  if (train === undefined) return;
  const evaluated = new Set([...(rows.get('validation') ?? []), ...(rows.get('test') ?? [])].map((row) => row.id));
  const kept = train.filter((row) => !evaluated.has(row.id));
  if (kept.length < train.length) {
    notes.push(
      `${train.length - kept.length} training clips are in validation or test too and were dropped from training`,
    );
  }
  rows.set('train', kept);
}

function classNames(rows: ReadonlyMap<SplitName, readonly Segment[]>, version: Version, notes: string[]): string[] {
  const train = rows.get('train');
  const from = train ?? [...rows.values()].flat();
  const classes = [...new Set(from.flatMap((row) => row.label ?? []))].sort();
  if (classes.length === 0)
    throw dataError('no list names a class', { at: from[0]?.at ?? '', remedy: 'add the training list' });
  if (train === undefined) notes.push('class order from the other lists, for want of the training list');
  if (classes.length !== version) {
    notes.push(
      `the lists name ${classes.length} classes, not ${version}: labels differ from those of published weights`,
    );
  }
  return classes;
}

/** Finds the file of a clip, or undefined; undefined in place of the function when there is no video at all. */
function fileResolver(videos: SourceFiles, notes: string[]): ((row: Segment) => string | undefined) | undefined {
  const timed = new Map<string, string>();
  const untimed = new Map<string, string>();
  const replaced = new Map<string, string>();
  let found = 0;
  for (const file of videos.files) {
    if (!isVideoFile(file)) continue;
    found++;
    const [, id, start, end] = /^([\w-]{11})(?:_(\d+)_(\d+))?$/.exec(stemOf(file)) ?? [];
    if (id === undefined) continue;
    if (file.split('/').some((folder) => /^replacement/i.test(folder))) replaced.set(id, file);
    else if (start === undefined || end === undefined) untimed.set(id, untimed.get(id) ?? file);
    else {
      const key = `${id}_${start.padStart(6, '0')}_${end.padStart(6, '0')}`;
      timed.set(key, timed.get(key) ?? file);
    }
  }
  if (found === 0) return undefined;
  if (replaced.size > 0) notes.push(`${replaced.size} replacement files stand in for damaged ones`);
  // A file without times is one clip; it cannot be two segments of its video.
  const taken = new Set<string>();
  return (row) => {
    const names = [replaced.get(row.youtubeId), timed.get(row.id), untimed.get(row.youtubeId)];
    const file = names.find((name) => name !== undefined && !taken.has(name));
    if (file === undefined) return undefined;
    taken.add(file);
    return file;
  };
}
