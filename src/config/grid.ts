/** A grid of settings from `path=v1,v2,…` arguments: every combination, as overrides and as a readable name. */
import { parse, stringify } from 'yaml';
import { messageOf, usageError } from '../errors/index.ts';

export interface Axis {
  /** Dotted: `optim.lr`. */
  readonly path: string;
  /** As written: `1e-3`. */
  readonly values: readonly string[];
}

export interface Setting {
  /** `lr=1e-3,scale=0.1`; names a folder too. */
  readonly name: string;
  /** `path=value` arguments. */
  readonly overrides: readonly string[];
}

/** @throws usage error for what is no `path=v1,v2,…`, and for an axis or a value given twice */
export function parseAxes(texts: readonly string[]): Axis[] {
  const axes = texts.map(parseAxis);
  const twice = axes.find(({ path }, i) => axes.findIndex((other) => other.path === path) !== i);
  if (twice !== undefined) {
    throw usageError(`--sweep ${twice.path} is given twice`, { remedy: `write --sweep ${twice.path}=v1,v2,…` });
  }
  return axes;
}

function parseAxis(text: string): Axis {
  const [, path, list] = /^([^=\s.]+(?:\.[^=\s.]+)*)=(.+)$/s.exec(text) ?? [];
  const fault = (what: string): Error =>
    usageError(`--sweep ${text}: ${what}`, { remedy: 'write for instance --sweep optim.lr=1e-3,5e-3' });
  if (path === undefined || list === undefined) throw fault('not path=v1,v2,…');
  const values = splitAtCommas(list).map((value) => value.trim());
  if (values.includes('')) throw fault('an empty value');
  for (const value of values) {
    try {
      parse(value, { prettyErrors: false });
    } catch (cause) {
      throw fault(`${value} is not YAML: ${messageOf(cause)}`);
    }
  }
  // 0.1 and 1e-1 are one setting.
  if (new Set(values.map((value) => stringify(parse(value)))).size < values.length) {
    throw fault('the same value twice');
  }
  return { path, values };
}

/** At commas outside of brackets and quotes: `[0, 1],[2, 3]` are two values. */
function splitAtCommas(list: string): string[] {
  const parts = list.match(/(?:"[^"]*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|[^,])+|(?<=,)(?=,|$)|^(?=,)/g);
  return parts ?? [list];
}

/** Every combination, the last axis changing fastest; a single nameless one without axes. */
export function settingsOf(axes: readonly Axis[]): Setting[] {
  const last = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const label = ({ path }: Axis): string =>
    axes.filter((other) => last(other.path) === last(path)).length > 1 ? path : last(path);
  let settings: Setting[] = [{ name: '', overrides: [] }];
  for (const axis of axes) {
    settings = settings.flatMap(({ name, overrides }) =>
      axis.values.map((value) => ({
        name: `${name}${name === '' ? '' : ','}${label(axis)}=${inFileName(value)}`,
        overrides: [...overrides, `${axis.path}=${value}`],
      })),
    );
  }
  const names = new Set(settings.map(({ name }) => name));
  // Where names lose what tells them apart, numbers do.
  return names.size === settings.length
    ? settings
    : settings.map(({ name, overrides }, i) => ({ name: `${i + 1}-${name}`, overrides }));
}

/** A leading dash stays where it is a sign. */
function inFileName(value: string): string {
  const plain = value.replace(/[^A-Za-z0-9._+-]+/g, '-').replace(/-$/, '');
  return value.startsWith('-') ? plain : plain.replace(/^-/, '');
}

/**
 * `3` is three seeds from `first` on, `0,1,2` are these.
 * @throws usage error for anything else
 */
export function parseSeeds(text: string, first: number): number[] {
  const fault = (): Error =>
    usageError(`--seeds ${text}: give how many, or which`, { remedy: 'for instance --seeds 3, or --seeds 0,1,2' });
  if (!/^\d+(,\d+)*$/.test(text)) throw fault();
  const numbers = text.split(',').map(Number);
  if (numbers.length > 1) {
    if (new Set(numbers).size < numbers.length) throw fault();
    return numbers;
  }
  const [count = 0] = numbers;
  if (count < 1 || count > 1000) throw fault();
  return Array.from({ length: count }, (_, i) => first + i);
}
