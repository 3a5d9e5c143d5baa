/** JSON Lines: one JSON value per line, UTF-8, `\n` (a `\r` before it is accepted). Manifests, predictions, metrics. */
import { createReadStream } from 'node:fs';
import { codeOf, dataError, messageOf } from '../errors/index.ts';
import { writeFileAtomic } from './write-file.ts';

/**
 * The values of a file in order, each through `parse`, which checks it and may throw: the error gets the file and the
 * line. Blank lines are skipped; a file without a line is an empty list.
 *
 * @throws data error at `file:line` for a line that is no JSON or that `parse` refuses
 */
export async function readJsonLines<T>(file: string, parse: (value: unknown) => T): Promise<T[]> {
  const values: T[] = [];
  for await (const { value, line } of jsonLines(file)) {
    try {
      values.push(parse(value));
    } catch (error) {
      throw dataError(messageOf(error), { at: `${file}:${line}`, cause: error });
    }
  }
  return values;
}

async function* jsonLines(file: string): AsyncGenerator<{ value: unknown; line: number }> {
  let line = 0;
  for await (const text of lines(file)) {
    line++;
    const json = line === 1 ? text.replace(/^\uFEFF/, '') : text;
    if (json.trim() !== '') yield { value: parseJson(json, `${file}:${line}`), line };
  }
}

/** Lines end at `\n` only: node:readline also splits at U+2028, which JSON may hold unescaped. */
async function* lines(file: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw dataError(`the file cannot be read: ${messageOf(error)}`, {
        at: file,
        remedy: 'check what it is, its owner and mode',
        cause: error,
      });
    }
    throw dataError('the file does not exist', { at: file, remedy: 'check the path', cause: error });
  }
  if (rest !== '') yield rest;
}

function parseJson(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw dataError(`this line is not JSON: ${messageOf(error)}`, { at, cause: error });
  }
}

/** Writes one value per line; the file is there whole or not at all. */
export async function writeJsonLines(file: string, values: Iterable<unknown>): Promise<void> {
  await writeFileAtomic(
    file,
    (function* () {
      for (const value of values) yield Buffer.from(`${JSON.stringify(value)}\n`);
    })(),
  );
}
