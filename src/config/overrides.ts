/** `path=value` arguments: a dotted path, and a value written in YAML. */
import { parse } from 'yaml';
import { messageOf, usageError } from '../errors/index.ts';
import { merge } from './merge.ts';
import { isMapping, type Mapping, type Source } from './places.ts';

/** The mappings above a path, and the leaf in the last of them; what an earlier argument set stays beside it. */
function withValue(root: Mapping, [key = '', ...rest]: readonly string[], value: unknown): Mapping {
  const inner = Object.hasOwn(root, key) ? root[key] : undefined;
  const set = rest.length === 0 ? value : withValue(isMapping(inner) ? inner : {}, rest, value);
  return Object.fromEntries([...Object.entries(root).filter(([other]) => other !== key), [key, set]]);
}

/**
 * The arguments laid over a recipe; of two with the same path the later counts.
 * @throws usage error for an argument that is no `path=value`
 */
export function override(recipe: Source, overrides: readonly string[]): Source {
  let value: Mapping = {};
  const places = new Map<string, string>();
  for (const argument of overrides) {
    const [, path, text] = /^([^=\s.]+(?:\.[^=\s.]+)*)=(.*)$/s.exec(argument) ?? [];
    if (path === undefined || text === undefined) {
      throw usageError(`'${argument}' is not path=value`, { remedy: 'write for instance train.batch=8' });
    }
    const keys = path.split('.');
    try {
      value = withValue(value, keys, parse(text, { prettyErrors: false }));
    } catch (cause) {
      throw usageError(`the value of ${path} is not YAML: ${messageOf(cause)}`, { at: `argument ${argument}`, cause });
    }
    for (let length = 1; length <= keys.length; length++) {
      const prefix = keys.slice(0, length).join('.');
      // A section keeps the place where the file opens it: that is where its missing keys belong.
      if (length === keys.length || !recipe.places.has(prefix)) places.set(prefix, `argument ${argument}`);
    }
  }
  return merge(recipe, { value, places });
}
