/** A writer of MATLAB v5 files for tests: numbers in any storage type, texts, cells and arrays of structures. */
import { deflateSync } from 'node:zlib';

export interface Numbers {
  readonly class: number;
  readonly dims: readonly number[];
  /** As they lie in the file, with the type that they are stored as. */
  readonly type: number;
  readonly data: Buffer;
}
export type Written =
  | Numbers
  | string
  | { readonly cells: readonly Written[] }
  | { readonly structs: readonly Readonly<Record<string, Written>>[] };

export interface FileOptions {
  readonly compressed?: boolean;
  readonly big?: boolean;
}

/** uint8 of class double, where it is not said otherwise: as MATLAB stores small whole numbers. */
export const bytes = (dims: readonly number[], data: Iterable<number>, type = 6): Numbers => ({
  class: type,
  dims,
  type: 2,
  data: Buffer.from([...data]),
});

export function shorts(dims: readonly number[], values: readonly number[]): Numbers {
  const data = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) data.writeUInt16LE(value, 2 * i);
  return { class: 11, dims, type: 4, data };
}

export function matlabFile(variables: Readonly<Record<string, Written>>, options: FileOptions = {}): Buffer {
  const { compressed = true, big = false } = options;
  const head = Buffer.alloc(128, ' ');
  head.write('MATLAB 5.0 MAT-file, written by a test');
  head.fill(0, 116, 124);
  head.set(big ? [1, 0] : [0, 1], 124);
  head.write(big ? 'MI' : 'IM', 126);
  const bodies = Object.entries(variables).map(([name, value]) => {
    const whole = arrayOf(name, value, big);
    if (!compressed) return whole;
    const packed = deflateSync(whole);
    return Buffer.concat([tag(15, packed.length, big), packed]);
  });
  return Buffer.concat([head, ...bodies]);
}

function tag(type: number, size: number, big: boolean): Buffer {
  return words([type, size], big);
}

function words(values: readonly number[], big: boolean): Buffer {
  const out = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) big ? out.writeInt32BE(value, 4 * i) : out.writeInt32LE(value, 4 * i);
  return out;
}

function element(type: number, data: Buffer, big: boolean): Buffer {
  if (data.length > 0 && data.length <= 4) {
    const small = Buffer.alloc(8);
    words([(data.length << 16) | type], big).copy(small);
    data.copy(small, 4);
    return small;
  }
  return Buffer.concat([tag(type, data.length, big), data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}

function arrayOf(name: string, value: Written, big: boolean): Buffer {
  const head = (type: number, dims: readonly number[]) => [
    element(6, words([type, 0], big), big),
    element(5, words(dims, big), big),
    element(1, Buffer.from(name, 'latin1'), big),
  ];
  const body = (): Buffer[] => {
    if (typeof value === 'string') {
      return [...head(4, [1, value.length]), element(2, Buffer.from(value, 'latin1'), big)];
    }
    if ('cells' in value)
      return [...head(1, [value.cells.length, 1]), ...value.cells.map((one) => arrayOf('', one, big))];
    if ('structs' in value) {
      const names = Object.keys(value.structs[0] ?? {});
      const padded = Buffer.concat(names.map((field) => Buffer.from(field.padEnd(32, '\0'))));
      const fields = value.structs.flatMap((one) => names.map((field) => arrayOf('', one[field] as Written, big)));
      return [
        ...head(2, [1, value.structs.length]),
        element(5, words([32], big), big),
        element(1, padded, big),
        ...fields,
      ];
    }
    return [...head(value.class, value.dims), element(value.type, value.data, big)];
  };
  const all = Buffer.concat(body());
  return Buffer.concat([tag(14, all.length, big), all]);
}
