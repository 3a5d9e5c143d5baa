/**
 * SVHN, cropped digits (Netzer et al., "Reading digits in natural images with unsupervised feature learning", 2011): house
 * numbers cut to 32 x 32 around each digit.
 *
 * train_32x32.mat, test_32x32.mat, extra_32x32.mat   MATLAB v5: X uint8 [32, 32, 3, N], y [N, 1]; label 10 is the digit 0
 *
 * `svhn` trains on train alone, as AdaptFormer does; `svhnextra` on train and extra. Papers (AdaptFormer too) mirror in training
 * although a mirrored 2 is no 5: `data.flip: auto` does not. There is no validation split.
 */
import path from 'node:path';
import { findByName } from '../src/data/annotation.ts';
import type { OfficialCount } from '../src/data/listing.ts';
import type { ArrayPicture, PictureArray } from '../src/data/picture-arrays.ts';
import { dataError } from '../src/errors/index.ts';
import { type MatlabVariable, matlabVariables } from '../src/formats/matlab.ts';
import { pixelsOfColumns } from '../src/formats/planes.ts';
import { listWritten } from './array-images.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, scanOutside } from './dataset.ts';
import { HELD_OUT_OPTIONS } from './held-out.ts';

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;
export const DIGITS = '0123456789'.split('');

const FILES = {
  train: { md5: 'e26dedcc434d2e4c54c9b2d4a06d8373', count: 73_257 },
  test: { md5: 'eb5a983be6a315427106f1b164d9cef3', count: 26_032 },
  extra: { md5: 'a93ce644f1a588dc4d68dda5feec44a7', count: 531_131 },
} as const;

type Part = keyof typeof FILES;

export const svhn = digits('svhn', 'SVHN (cropped digits)', ['train']);
export const svhnExtra = digits('svhnextra', 'SVHN (cropped digits) with the extra images', ['train', 'extra']);

function digits(name: string, title: string, trained: readonly Part[]): DatasetDefinition {
  const countOf = (parts: readonly Part[]) => parts.reduce((sum, part) => sum + FILES[part].count, 0);
  const official: readonly OfficialCount[] = [
    { split: 'train', entries: countOf(trained) },
    { split: 'test', entries: countOf(['test']) },
  ];
  const parts = { train: trained, test: ['test'] } as const;
  const definition: DatasetDefinition = {
    name,
    title,
    homepage: 'http://ufldl.stanford.edu/housenumbers',
    download: `${[...trained, 'test'].map((part) => `${part}_32x32.mat`).join(', ')} (Format 2)`,
    media: 'images',
    classes: 10,
    official,
    flip: false,
    sampling: { kind: 'dense', frames: 1, stride: 1, views: [1, 1] },
    options: HELD_OUT_OPTIONS,
    arrays: async (source, options) => {
      const fileOf = await findFiles(definition, source, [...trained, 'test'], options);
      return (['train', 'test'] as const).map((split): PictureArray => {
        const files = parts[split].map((part) => ({ file: fileOf(part), md5: FILES[part].md5 }));
        return {
          ...{ split, files, width: SIDE, height: SIDE, expected: countOf(parts[split]) },
          async *pictures(signal) {
            for (const { file } of files) yield* readDigits(file, signal);
          },
        };
      });
    },
    list: (source, options) => listWritten(source, DIGITS, official, options),
  };
  return definition;
}

async function findFiles(
  definition: DatasetDefinition,
  source: string,
  wanted: readonly Part[],
  { unpacked, signal }: ListOptions,
): Promise<(part: Part) => string> {
  const found = await scanOutside(source, unpacked, signal);
  const files = new Map(wanted.map((part) => [part, findByName(found, new RegExp(`^${part}_32x32\\.mat$`, 'i'))[0]]));
  for (const part of wanted) {
    if (files.get(part) === undefined) throw annotationMissing(definition, `${part}_32x32.mat`, found);
  }
  return (part) => files.get(part) as string;
}

async function* readDigits(file: string, signal: AbortSignal): AsyncGenerator<ArrayPicture> {
  const labels = await readLabels(file);
  for await (const variable of matlabVariables(file, { fault: dataError })) {
    if (variable.name !== 'X') continue;
    const { dims, at } = variable;
    if (dims.length !== 4 || dims[0] !== SIDE || dims[1] !== SIDE || dims[2] !== 3 || dims[3] !== labels.length) {
      throw dataError(`X is [${dims.join(', ')}], not [32, 32, 3, ${labels.length}], one image for each label`, { at });
    }
    let i = 0;
    for await (const planes of picturesOf(variable)) {
      signal.throwIfAborted();
      yield { label: labels[i++] as number, data: pixelsOfColumns(planes, SIDE, SIDE) };
    }
    return;
  }
  throw dataError('there is no variable X', { at: file, remedy: 'take the files of Format 2: cropped digits' });
}

async function* picturesOf(variable: MatlabVariable): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of variable.bytes()) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (; from + PIXELS <= bytes.length; from += PIXELS) yield bytes.subarray(from, from + PIXELS);
    rest = bytes.subarray(from);
  }
}

async function readLabels(file: string): Promise<number[]> {
  for await (const variable of matlabVariables(file, { fault: dataError })) {
    if (variable.name !== 'y') continue;
    const value = await variable.value();
    if (value.kind !== 'numbers') throw dataError('y holds no numbers', { at: variable.at });
    return Array.from(value.data, (label, i) => {
      if (Number.isInteger(label) && label >= 1 && label <= 10) return label % 10;
      throw dataError(`the label ${label} is out of range`, {
        at: `${variable.at}, element ${i}`,
        remedy: 'labels run from 1 to 10, and 10 is the digit 0; download the file again',
      });
    });
  }
  throw dataError('there is no variable y', {
    at: path.resolve(file),
    remedy: 'take the files of Format 2: cropped digits',
  });
}
