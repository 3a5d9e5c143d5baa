/** Reading official annotation files: text lines, JSON, CSV by column name. Every complaint names file and line. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { dataError, messageOf } from '../errors/index.ts';
import { parseCsv } from '../formats/csv.ts';
import { byNaturalOrder } from './natural-order.ts';
import type { SourceFiles } from './source-files.ts';

/** The files whose name matches, absolute, those nearest to the root first. */
export function findByName({ root, files }: SourceFiles, name: RegExp): string[] {
  const depth = (file: string) => file.split('/').length;
  return files
    .filter((file) => name.test(file.slice(file.lastIndexOf('/') + 1)))
    .sort((a, b) => depth(a) - depth(b) || byNaturalOrder(a, b))
    .map((file) => path.join(root, file));
}

export interface AnnotationLine {
  readonly text: string;
  /** `file:line`, for messages. */
  readonly at: string;
}

/** The lines that hold anything, without byte order mark, carriage returns and blanks at either end. */
export async function readLines(file: string): Promise<AnnotationLine[]> {
  const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  return text
    .split('\n')
    .map((line, i) => ({ text: line.trim(), at: `${file}:${i + 1}` }))
    .filter((line) => line.text !== '');
}

export interface JsonAnnotation {
  readonly value: unknown;
  /** `file:line` of the first place where `text` stands as a JSON string; the file alone where it does not. */
  at(text: string): string;
}

export async function readJsonAnnotation(file: string): Promise<JsonAnnotation> {
  const text = (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  const lineOf = (position: number) => text.slice(0, position).split('\n').length;
  try {
    return {
      value: JSON.parse(text),
      at: (string) => {
        const position = text.indexOf(JSON.stringify(string));
        return position === -1 ? file : `${file}:${lineOf(position)}`;
      },
    };
  } catch (error) {
    // V8 says "at position 123", or, for a text cut short, "Unexpected end of JSON input" or "Unterminated string".
    const position = /at position (\d+)/.exec(messageOf(error))?.[1];
    throw dataError(`malformed JSON: ${messageOf(error)}`, {
      at: `${file}:${lineOf(position === undefined ? text.trimEnd().length : Number(position))}`,
      remedy: 'download the file again',
      cause: error,
    });
  }
}

export interface TableRow {
  /** The value of a column; undefined where the file has no such column or the row ends before it. */
  get(column: string): string | undefined;
  readonly at: string;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** A CSV file whose first row names the columns. Blanks around values are dropped. */
export async function readTable(file: string): Promise<Table> {
  const [header, ...rows] = parseCsv(await readFile(file, 'utf8'), file);
  const columns = (header?.fields ?? []).map((column) => column.trim());
  const index = new Map(columns.map((column, i) => [column, i]));
  return {
    columns,
    rows: rows.map(({ fields, line }) => ({
      get: (column) => fields[index.get(column) ?? -1]?.trim(),
      at: `${file}:${line}`,
    })),
  };
}
