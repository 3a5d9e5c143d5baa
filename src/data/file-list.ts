/**
 * A person's list of files and labels, in place of class folders: `path,label` or `path,label,split`, with or without a header,
 * separated by commas, tabs or blanks. The label is a class name or a whole number from 0. Fields are taken from the
 * right, so that a path may hold the separator; paths are relative to the source folder, or absolute.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, dataError } from '../errors/index.ts';
import { parseCsv } from '../formats/csv.ts';
import { splitNamed } from './listing.ts';
import type { Listed, SplitName } from './manifest.ts';
import { byNaturalOrder } from './natural-order.ts';

/** More classes than any data set has: a column taken for the label that is none. */
const LARGEST_LABEL = 99_999;

interface Line {
  readonly file: string;
  readonly label: string;
  readonly split: SplitName;
  readonly at: string;
}

export async function readFileList(
  csv: string,
  root: string,
): Promise<{ classes: string[]; splits: Map<SplitName, Listed[]> }> {
  const lines = await readRows(csv);
  if (lines.length === 0) throw dataError('the list is empty', { at: csv, remedy: 'give lines of a path and a label' });
  const numbered = lines.every((line) => /^[+-]?\d+$/.test(line.label));
  const classes = numbered
    ? numberedClasses(lines)
    : [...new Set(lines.map((line) => line.label))].sort(byNaturalOrder);
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const splits = new Map<SplitName, Listed[]>();
  for (const { file, label, split, at } of lines) {
    if (label === '') throw dataError('the label is missing', { at });
    const relative = path.relative(root, path.resolve(root, file)).split(path.sep).join('/');
    const entries = splits.get(split) ?? [];
    splits.set(split, entries);
    entries.push({ id: relative, file: relative, label: numbered ? Number(label) : (labelOf.get(label) as number) });
  }
  return { classes, splits };
}

/** Whole numbers are labels as they are: classes 0 to the largest. */
function numberedClasses(lines: readonly Line[]): string[] {
  let largest = 0;
  for (const { label, at } of lines) {
    if (Number(label) < 0 || Number(label) > LARGEST_LABEL) {
      throw dataError(`the label ${label} is out of range`, { at, remedy: 'labels are whole numbers from 0' });
    }
    largest = Math.max(largest, Number(label));
  }
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}

async function readRows(csv: string): Promise<Line[]> {
  const rows = splitRows(await readText(csv), csv);
  const [first] = rows;
  // A header says what the columns are; without one the last column is the split where it can be nothing else.
  const isLabel = (field: string | undefined) => /^(label|class|category)$/i.test(field?.trim() ?? '');
  const header = first?.fields.some(isLabel) ? first : undefined;
  const body = header === undefined ? rows : rows.slice(1);
  if (header !== undefined && !isLabel(header.fields[1])) {
    throw dataError('the columns are not path, label and, at will, split', { at: header.at });
  }
  const withSplit = header
    ? header.fields.length > 2
    : body.every(({ fields }) => fields.length >= 3 && splitNamed(fields.at(-1)?.trim() ?? '') !== undefined);
  return body.map(({ fields, at, join }): Line => {
    const split = withSplit ? splitNamed(fields.at(-1)?.trim() ?? '') : 'train';
    if (split === undefined) {
      throw dataError(`"${fields.at(-1)}" is no split`, {
        at,
        remedy: 'the splits are train, validation, trainval and test',
      });
    }
    const rest = withSplit ? fields.slice(0, -1) : fields;
    const file = rest.slice(0, -1).join(join).trim();
    if (rest.length < 2 || file === '') throw dataError('this line is not a path and a label', { at });
    return { file, label: (rest.at(-1) as string).trim(), split, at };
  });
}

interface Row {
  readonly fields: readonly string[];
  /** What stood between the fields, to put a path together again. */
  readonly join: string;
  readonly at: string;
}

/** Tabs, where every line has one; else commas; else blanks. */
function splitRows(text: string, csv: string): Row[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  for (const separator of ['\t', ',']) {
    if (!lines.every((line) => line.includes(separator))) continue;
    return parseCsv(text, csv, separator).map(({ fields, line }) => ({
      fields,
      join: separator,
      at: `${csv}:${line}`,
    }));
  }
  return text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line, i) => ({ fields: line.trim().split(/ (?=\S)|\s*\t\s*/), join: ' ', at: `${csv}:${i + 1}` }))
    .filter(({ fields }) => fields[0] !== '' || fields.length > 1);
}

async function readText(csv: string): Promise<string> {
  try {
    return await readFile(csv, 'utf8');
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw dataError('the list does not exist', { at: csv, remedy: 'check --csv', cause: error });
  }
}
