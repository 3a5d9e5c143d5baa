/** Long lists of tensor names made short for people: one line for the same tensor of many blocks. */

export interface NameGroup {
  /** `blocks.{0-11}.norm1.weight`; a plain name where there is only one. */
  readonly name: string;
  readonly names: readonly string[];
}

/**
 * Groups names that differ in one block number only, in the order of their first.
 *
 * @param alike what must agree beside the name, as shape and dtype
 */
export function groupNames(names: Iterable<string>, alike: (name: string) => string = () => ''): NameGroup[] {
  const groups = new Map<string, { before: string; after: string; names: string[]; numbers: number[] }>();
  for (const name of names) {
    const [, before = name, number = '', after = ''] = /^(.*?(?:^|\.))(\d+)((?:\..*)?)$/.exec(name) ?? [];
    const key = JSON.stringify([before, number !== '', after, alike(name)]);
    const group = groups.get(key) ?? { before, after, names: [], numbers: [] };
    groups.set(key, group);
    group.names.push(name);
    if (number !== '') group.numbers.push(Number(number));
  }
  return [...groups.values()].map(({ before, after, names: members, numbers }) => ({
    name: members.length === 1 ? (members[0] as string) : `${before}{${ranges(numbers)}}${after}`,
    names: members,
  }));
}

/** Ascending numbers as `0-3,7`. */
function ranges(numbers: readonly number[]): string {
  const sorted = [...numbers].sort((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const number of sorted) {
    const last = runs.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** The groups of some names on one line, at most `most` of them. */
export function listNames(names: readonly string[], most = 12): string {
  if (names.length === 0) return 'none';
  const groups = groupNames(names);
  const rest = groups.slice(most).reduce((total, group) => total + group.names.length, 0);
  const shown = groups.slice(0, most).map(({ name }) => name);
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
