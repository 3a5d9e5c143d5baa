/** Lists of `path label`, one line for each image, as the VTAB-1k and few-shot distributions have them. */
import { dataError } from '../errors/index.ts';
import { readLines } from './annotation.ts';

export interface LabelledLine {
  readonly path: string;
  readonly label: number;
  /** `file:line`. */
  readonly at: string;
}

/**
 * The path ends at the last blank, tab or comma: it may hold any of them itself. Blank lines are passed over.
 *
 * @throws data error at file and line for a line of another form, and for a label outside of 0 to `classes` - 1
 */
export async function readLabelledList(file: string, classes: number): Promise<LabelledLine[]> {
  const lines = await readLines(file);
  if (lines.length === 0) throw dataError('the list is empty', { at: file, remedy: 'download it again' });
  return lines.map(({ text, at }) => {
    const [, path, number] = /^(.*[^\s,])(?:\s+|\s*,\s*)([+-]?\d+)$/.exec(text) ?? [];
    if (path === undefined || number === undefined) {
      throw dataError(`this line is not a path, a blank and a label: ${text}`, {
        at,
        remedy: 'download the list again',
      });
    }
    const label = Number(number);
    if (label < 0 || label >= classes) {
      throw dataError(`the label ${number} is out of range`, {
        at,
        remedy: `${classes} classes have the labels 0 to ${classes - 1}; take the list of this very data set`,
      });
    }
    return { path: path.replace(/^\.?\//, ''), label, at };
  });
}
