/** YAML text to plain values, with the line and column of every key. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { dotted, isMapping, type Path, type Source } from './places.ts';
import { recipeError } from './problems.ts';

/**
 * The mapping that `text` holds.
 * @param file how errors name the text
 * @throws config error when it is no YAML, or no mapping
 */
export function readYaml(text: string, file: string): Source {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const placeAt = (offset: number): string => {
    const { line, col } = counter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw recipeError(
      document.errors.map((error) => ({ what: `not YAML: ${error.message}`, at: placeAt(error.pos[0]) })),
    );
  }

  const places = new Map<string, string>([['', file]]);
  const convert = (node: unknown, path: Path): unknown => {
    if (isAlias(node)) return convert(node.resolve(document), path);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) {
      return node.items.map((item, i) => {
        const [offset] = (item as Node).range ?? [];
        if (offset !== undefined) places.set(dotted([...path, i]), placeAt(offset));
        return convert(item, [...path, i]);
      });
    }
    if (!isMap(node)) return null;
    return Object.fromEntries(
      node.items.map((pair) => {
        const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
        const [offset] = (pair.key as Node).range ?? [];
        if (offset !== undefined) places.set(dotted([...path, key]), placeAt(offset));
        return [key, convert(pair.value, [...path, key])];
      }),
    );
  };
  const value = convert(document.contents, []);
  if (!isMapping(value)) {
    const what = value === null ? 'the recipe is empty' : 'a recipe is a mapping of keys to values';
    throw recipeError([{ what, at: file, remedy: 'see configs/ for recipes to start from' }]);
  }
  return { value, places };
}
