/** Separated values (RFC 4180): quoted fields, doubled quotes, CR LF or LF, a byte order mark. Annotation lists, tables of results. */
import { dataError } from '../errors/index.ts';

export interface CsvRow {
  readonly fields: readonly string[];
  /** 1-based line on which the row starts; a quoted field may run over several. */
  readonly line: number;
}

/**
 * The rows of `text`, blank lines left out. `file` is for messages only.
 *
 * @throws data error at `file:line` for a quoted field that never ends or goes on after its closing quote
 */
export function parseCsv(text: string, file: string, separator = ','): CsvRow[] {
  const rows: CsvRow[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const startLine = line;
    const fields: string[] = [];
    for (;;) {
      if (text[at] === '"') {
        const [value, end] = quotedField(text, at, `${file}:${line}`);
        for (const char of value) if (char === '\n') line++;
        fields.push(value);
        at = end;
        if (at < text.length && text[at] !== separator && text[at] !== '\n' && !text.startsWith('\r\n', at)) {
          throw dataError('text follows a closing quote', { at: `${file}:${line}` });
        }
      } else {
        const end = fieldEnd(text, at, separator);
        fields.push(text.slice(at, end).replace(/\r$/, ''));
        at = end;
      }
      if (text[at] !== separator) break;
      at++;
    }
    if (text[at] === '\r') at++;
    at++;
    line++;
    if (fields.length > 1 || fields[0]?.trim() !== '') rows.push({ fields, line: startLine });
  }
  return rows;
}

function fieldEnd(text: string, from: number, separator: string): number {
  let end = from;
  while (end < text.length && text[end] !== separator && text[end] !== '\n') end++;
  return end;
}

/** The value of the quoted field that opens at `from`, and where it ends. */
function quotedField(text: string, from: number, at: string): [value: string, end: number] {
  let close = text.indexOf('"', from + 1);
  while (text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) throw dataError('a quoted field never ends', { at });
  return [text.slice(from + 1, close).replaceAll('""', '"'), close + 1];
}

/** A number that is none, or undefined, leaves the cell empty. */
export type CsvCell = string | number | undefined;

/** What a spreadsheet would take for a formula, and compute. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * Rows as text, one line each, that {@link parseCsv} reads back. Texts are often foreign (class names, ids), and a table is
 * opened in a spreadsheet: one that begins like a formula gets an apostrophe in front, which keeps it a text there. Numbers
 * are written in full precision.
 */
export function csvText(rows: Iterable<readonly CsvCell[]>): string {
  let text = '';
  for (const row of rows) text += `${row.map(cellText).join(',')}\n`;
  return text;
}

function cellText(cell: CsvCell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return Number.isNaN(cell) ? '' : String(cell);
  const inert = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
