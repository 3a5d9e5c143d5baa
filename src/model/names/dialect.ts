/**
 * Checkpoints of another family of names, told in ours. What a dialect renames is afterwards a layout like the others: the
 * names of `wanted.ts` with q, k and v apart, and shapes with the output first.
 */
import { float32, type HostTensor, sizeOf } from '../../tensor/host.ts';
import type { Layout } from './layouts.ts';
import type { SourceSpecs } from './source.ts';

/**
 * How the file's elements lie against ours:
 *   as is          the same
 *   flat           [heads, d] for our [heads · d]
 *   dense          [in, …out] for our [out, in]
 *   joined dense   [in, in, out] for our [out, in · in]
 *   image kernel   [row, column, in, out] for our [out, in, row, column]
 */
export type View = 'as is' | 'flat' | 'dense' | 'joined dense' | 'image kernel';

/** Our name, theirs; `#` is the number of a block, `*` the rest of the name. */
export type Word = readonly [ours: string, theirs: string, view?: View];

export interface Dialect {
  readonly layout: Layout;
  readonly words: readonly Word[];
  /** What leads their names, where it does. */
  readonly prefix: string;
  /** Names, without prefix, that never have it. */
  readonly outside?: RegExp;
  /** Our name of a tensor whose second axis in the file counts the attention heads. */
  readonly headsAt?: string;
}

export interface Translation {
  /** The file's tensors under our names, in shapes like ours; names that are no word of the dialect lose the prefix only. */
  readonly specs: SourceSpecs;
  readonly heads: number | undefined;
  /** The file's name for one of ours, whether it is in the file or not. */
  original(ours: string): string;
  /** What the file holds of our name, laid out as ours. */
  view(ours: string, stored: HostTensor): HostTensor;
}

/** A file that is in our words already. */
export function untranslated(specs: SourceSpecs): Translation {
  return { specs, heads: undefined, original: (name) => name, view: (_, stored) => stored };
}

export function translate(stored: SourceSpecs, { words, prefix, outside, headsAt }: Dialect): Translation {
  const originals = new Map<string, string>();
  const views = new Map<string, View>();
  const specs = new Map<string, { readonly shape: readonly number[] }>();
  for (const [name, { shape }] of stored) {
    const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
    const [ours = bare, view = 'as is'] = lookUp(words, 1, bare) ?? [];
    originals.set(ours, name);
    views.set(ours, view);
    specs.set(ours, { shape: viewShape(view, shape) });
  }
  return {
    specs,
    heads: headsAt === undefined ? undefined : stored.get(originals.get(headsAt) ?? '')?.shape[1],
    original: (ours) => {
      const theirs = lookUp(words, 0, ours)?.[0] ?? ours;
      return originals.get(ours) ?? (outside?.test(theirs) ? theirs : prefix + theirs);
    },
    view: (ours, tensor) => viewTensor(views.get(ours) ?? 'as is', tensor),
  };
}

/** The other side of the first word that the name matches on side `from`. */
function lookUp(words: readonly Word[], from: 0 | 1, name: string): [name: string, view: View] | undefined {
  for (const word of words) {
    const pattern = word[from].replace(/[.*+?^${}()|[\]\\/]/g, (c) => (c === '*' ? '(.+)' : `\\${c}`));
    const match = new RegExp(`^${pattern.replace('#', '(\\d+)')}$`).exec(name);
    if (match === null) continue;
    const parts = match.slice(1);
    return [word[(1 - from) as 0 | 1].replace(/[#*]/g, () => parts.shift() as string), word[2] ?? 'as is'];
  }
  return undefined;
}

/** Axes of the input at the start of a dense kernel. */
const INPUTS = { dense: 1, 'joined dense': 2 } as const;

/** Of another rank than the view is for, a shape stays, to be found wrong against ours. */
function viewShape(view: View, shape: readonly number[]): readonly number[] {
  switch (view) {
    case 'as is':
      return shape;
    case 'flat':
      return [sizeOf(shape)];
    case 'dense':
    case 'joined dense': {
      const inputs = INPUTS[view];
      return shape.length > inputs ? [sizeOf(shape.slice(inputs)), sizeOf(shape.slice(0, inputs))] : shape;
    }
    case 'image kernel':
      return shape.length === 4 ? [3, 2, 0, 1].map((axis) => shape[axis] as number) : shape;
  }
}

function viewTensor(view: View, tensor: HostTensor): HostTensor {
  const shape = viewShape(view, tensor.shape);
  // Integers stay, to be refused where floats are needed.
  if (view === 'as is' || view === 'flat' || tensor.dtype !== 'float32') return { ...tensor, shape };
  // Both kinds of kernel are a matrix with the output in its columns; of an image kernel the rows are in another order too.
  const outputs = shape[0] as number;
  const matrix = transposed(tensor.data, tensor.data.length / outputs, outputs);
  if (view !== 'image kernel') return float32(shape, matrix);
  const [, channels, rows, columns] = shape as [number, number, number, number];
  const kernel = new Float32Array(matrix.length);
  const pixels = rows * columns;
  for (let output = 0; output < outputs; output++) {
    const at = output * pixels * channels;
    kernel.set(transposed(matrix.subarray(at, at + pixels * channels), pixels, channels), at);
  }
  return float32(shape, kernel);
}

/** [rows, columns] → [columns, rows]. */
function transposed(data: ArrayLike<number>, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = data[row * columns + column] as number;
    }
  }
  return turned;
}
