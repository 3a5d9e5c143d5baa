/**
 * One source laid over another, mapping by mapping. A lower value that contradicts the upper choice is dropped, not an
 * error: options of another backbone, method or optimizer, and the other way to give a learning rate.
 */
import { SHARED_BY_OPTIMIZERS } from './optim.ts';
import { isMapping, type Mapping, type Source } from './places.ts';

/** What a backbone is that does not say. */
const DEFAULT_MODEL = 'vit';

/** What of the lower section survives the upper one. */
function inherited(section: string, lower: Mapping, upper: Mapping): Mapping {
  const only = (keep: (key: string) => boolean): Mapping =>
    Object.fromEntries(Object.entries(lower).filter(([key]) => keep(key)));
  const renamed = upper.name !== undefined && upper.name !== lower.name;
  if (section === 'method' && renamed) return {};
  if (section === 'backbone' && upper.model !== undefined && upper.model !== (lower.model ?? DEFAULT_MODEL)) return {};
  if (section === 'optim') {
    if (renamed) return only((key) => SHARED_BY_OPTIMIZERS.includes(key));
    if ('lr' in upper !== 'blr' in upper) return only((key) => key !== ('lr' in upper ? 'blr' : 'lr'));
  }
  return lower;
}

function mergeMappings(lower: Mapping, upper: Mapping, path: string): Mapping {
  const kept = inherited(path, lower, upper);
  const merged = new Map(Object.entries(kept));
  for (const [key, value] of Object.entries(upper)) {
    const below = merged.get(key);
    const inner = path === '' ? key : `${path}.${key}`;
    merged.set(key, isMapping(below) && isMapping(value) ? mergeMappings(below, value, inner) : value);
  }
  return Object.fromEntries(merged);
}

/** Dotted paths of everything but mappings. */
function leaves(value: Mapping, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    isMapping(inner) ? leaves(inner, `${prefix}${key}.`) : [`${prefix}${key}`],
  );
}

/** `upper` over `lower`; lists are replaced whole, and what they replace loses its places. */
export function merge(lower: Source, upper: Source): Source {
  const replaced = leaves(upper.value).map((path) => `${path}.`);
  const below = [...lower.places].filter(([path]) => !replaced.some((prefix) => path.startsWith(prefix)));
  return { value: mergeMappings(lower.value, upper.value, ''), places: new Map([...below, ...upper.places]) };
}
