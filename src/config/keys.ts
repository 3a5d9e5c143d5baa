/** The keys a recipe can have, read off its JSON schema: what they mean, and the nearest one to a mistyped key. */
import { z } from 'zod';
import { nearest } from '../errors/nearest.ts';
import { dotted, isMapping, type Path, valueAt } from './places.ts';
import type { RecipeSchema } from './schema.ts';

export interface Key {
  /** Dotted. */
  readonly path: string;
  readonly description: string | undefined;
  /** The method, optimizer or backbone whose option it is. */
  readonly of: Variant | undefined;
}

/** One of the things that a section chooses from by a key of it. */
export interface Variant {
  readonly section: string;
  /** The key that chooses. */
  readonly by: string;
  readonly name: string;
  /** Whether it is chosen where the key is absent. */
  readonly isDefault: boolean;
}

/** Keys by which sections choose. */
const CHOOSING = ['name', 'model'];

interface SchemaNode {
  readonly description?: string;
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** Every key of every variant, sections before what is in them. */
export function keysOf(schema: RecipeSchema): Key[] {
  const collect = (node: SchemaNode, path: Path, of: Key['of']): Key[] => {
    const own = Object.entries(node.properties ?? {}).flatMap(([key, inner]) => {
      const at = [...path, key];
      return [{ path: dotted(at), description: inner.description, of }, ...collect(inner, at, of)];
    });
    const variants = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap((variant) => {
      return collect(variant, path, variantOf(variant, path) ?? of);
    });
    return [...own, ...variants];
  };
  return collect(z.toJSONSchema(schema, { io: 'input' }) as SchemaNode, [], undefined);
}

function variantOf({ properties = {} }: SchemaNode, path: Path): Variant | undefined {
  const by = CHOOSING.find((key) => typeof properties[key]?.const === 'string');
  if (by === undefined) return undefined;
  const name = properties[by]?.const as string;
  return { section: dotted(path), by, name, isDefault: properties[by]?.default === name };
}

/** The keys that the recipe's own choice of backbone, method and optimizer allows. */
export function allowedKeys(keys: readonly Key[], recipe: unknown): Key[] {
  return keys.filter(({ of }) => {
    if (of === undefined) return true;
    const chosen = valueAt(recipe, [of.section, of.by]);
    return chosen === undefined ? of.isDefault : chosen === of.name;
  });
}

export function describeKey(keys: readonly Key[], recipe: unknown, path: string): string | undefined {
  const key = allowedKeys(keys, recipe).find((candidate) => candidate.path === path);
  return key?.description === undefined ? undefined : `${path}: ${key.description}`;
}

/** The key that was probably meant: mistyped beside the unknown one, or in another section under this very name. */
export function meantKey(keys: readonly Key[], recipe: unknown, section: Path, unknown: string): Key | undefined {
  const prefix = section.length === 0 ? '' : `${dotted(section)}.`;
  const allowed = allowedKeys(keys, recipe);
  const siblings = allowed.filter(({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes('.'));
  const lastName = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const elsewhere = (candidates: readonly Key[]): Key | undefined =>
    candidates.find(({ path }) => lastName(path) === unknown && path !== `${prefix}${unknown}`);
  const ofAnother = keys.find(({ path, of }) => of !== undefined && path === `${prefix}${unknown}`);
  const word = nearest(
    unknown,
    siblings.map(({ path }) => lastName(path)),
  );
  return elsewhere(allowed) ?? ofAnother ?? siblings.find(({ path }) => path === `${prefix}${word}`) ?? elsewhere(keys);
}

/** What a value looks like in a message: as YAML would have it, but short. */
export function shown(value: unknown): string {
  if (isMapping(value)) return 'a mapping';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
