/** Whether two recipes are of one run: which key that decides its numbers differs. */
import { shown } from './keys.ts';
import { dotted, isMapping, type Path, valueAt } from './places.ts';
import type { Recipe } from './schema.ts';

export interface Difference {
  /** Dotted. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Where and how fast a run is computed, and what is said of it on the way. */
const FREE: readonly string[] = [
  ...['engine', 'run', 'eval', 'train.recompute', 'train.checkpointMinutes', 'train.logEverySteps'],
  ...['data.decoders', 'data.decoder', 'data.retries'],
];

/** The first difference that matters, or undefined. */
export function differenceOf(before: Recipe, after: Recipe): Difference | undefined {
  const compare = (path: Path): Difference | undefined => {
    if (FREE.includes(dotted(path))) return undefined;
    const [a, b] = [valueAt(before, path), valueAt(after, path)];
    if (isMapping(a) && isMapping(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        const found = compare([...path, key]);
        if (found !== undefined) return found;
      }
      return undefined;
    }
    if (JSON.stringify(a) === JSON.stringify(b)) return undefined;
    const text = (value: unknown): string => (Array.isArray(value) ? JSON.stringify(value) : shown(value));
    return { path: dotted(path), before: text(a), after: text(b) };
  };
  return compare([]);
}
