/**
 * Where each value of a recipe was written: a recipe is put together from up to three sources (the file, the `_base` it
 * extends, the arguments), and an error has to point into the right one.
 */

export type Path = readonly (string | number)[];
export type Mapping = { readonly [key: string]: unknown };

/** Dotted path → `file:line:column` of its key (or list item), or the argument that set it. */
export type Places = ReadonlyMap<string, string>;

export interface Source {
  readonly value: Mapping;
  readonly places: Places;
}

export const dotted = (path: Path): string => path.join('.');

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** The place of a path, or of the nearest thing around it that was written. */
export function placeOf(places: Places, path: Path): string | undefined {
  for (let length = path.length; length >= 0; length--) {
    const place = places.get(dotted(path.slice(0, length)));
    if (place !== undefined) return place;
  }
  return undefined;
}
