/**
 * `metrics.jsonl`, a line per log interval and per validation, and `metrics.csv`, the same lines as one table for
 * spreadsheets. The table is made from the lines: at every validation, when a run is resumed, and by `evaluate`. In between
 * the lines may be ahead of it.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../errors/index.ts';
import { type CsvCell, csvText } from '../formats/csv.ts';
import { writeFileAtomic } from '../formats/write-file.ts';

export const METRICS_FILE = 'metrics.jsonl';
export const METRICS_TABLE_FILE = 'metrics.csv';

export interface MetricsLine {
  readonly kind: 'train' | 'validation';
  /** Updates done when it was written. */
  readonly update: number;
  /** Epochs done or under way, from 1. */
  readonly epoch: number;
  readonly [fact: string]: string | number;
}

/** In the order of the table's columns; facts of later versions come behind them. */
const COLUMNS = [
  ...['kind', 'update', 'epoch'],
  ...['loss', 'lr', 'gradientNorm', 'lossScale', 'clipsPerSecond', 'waiting'],
  ...['trainLoss', 'top1', 'top5', 'videos', 'missing', 'unreadable', 'undecoded', 'damaged'],
];

/**
 * The lines of a run's folder in order; those that a kill cut in half are left out, and there may be none yet. A number
 * that was none (NaN) is absent.
 */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const file = path.join(folder, METRICS_FILE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line) => {
    const parsed = parseLine(line);
    return parsed === undefined ? [] : [parsed];
  });
}

function parseLine(text: string): MetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const facts = Object.fromEntries(
    Object.entries(value).filter(([, fact]) => typeof fact === 'number' || typeof fact === 'string'),
  ) as MetricsLine;
  const { kind, update, epoch } = facts;
  const isLine = (kind === 'train' || kind === 'validation') && typeof update === 'number' && typeof epoch === 'number';
  return isLine ? facts : undefined;
}

/** The lines as rows below their header. */
export function metricsTable(lines: readonly MetricsLine[]): CsvCell[][] {
  const others = new Set(lines.flatMap((line) => Object.keys(line)).filter((name) => !COLUMNS.includes(name)));
  const columns = [...COLUMNS, ...[...others].sort()];
  return [columns, ...lines.map((line) => columns.map((name) => line[name]))];
}

/** Makes the table of a run's folder anew. */
export async function writeMetricsTable(folder: string): Promise<void> {
  await writeFileAtomic(path.join(folder, METRICS_TABLE_FILE), csvText(metricsTable(await readMetrics(folder))));
}
