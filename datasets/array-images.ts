/** Data sets whose images lie in arrays: what CIFAR and SVHN share once `prepare` has written each image to a file. */
import type { Listing } from '../src/data/listing.ts';
import type { SplitName } from '../src/data/manifest.ts';
import { readPictures } from '../src/data/picture-arrays.ts';
import { dataError } from '../src/errors/index.ts';
import type { ListOptions } from './dataset.ts';
import { heldOut, splitByClass } from './held-out.ts';

/**
 * The written images. Where the person asks for a validation split, the last images of each class of `train` become one, and
 * `trainval` is the official training split.
 *
 * @throws data error where the images are still in their arrays
 */
export async function listWritten(
  source: string,
  classes: readonly string[],
  splits: readonly SplitName[],
  options: ListOptions,
): Promise<Listing> {
  const folder = options.unpacked?.videos;
  if (folder === undefined) {
    throw dataError('the images are still in their arrays', {
      at: source,
      remedy: 'run petl-video prepare without --dry-run: it writes each image to a file first',
    });
  }
  const written = await readPictures(folder, splits);
  const notes = [...written.notes];
  const held = heldOut(options, 0.1);
  const listed = held.asked
    ? written.splits.flatMap((split) => {
        if (split.name !== 'train') return [split];
        const [train, validation] = splitByClass(split.entries, classes, held);
        notes.push(`validation: ${held.words} of each class; trainval is the official training split`);
        return [
          { name: 'train' as const, entries: train },
          { name: 'validation' as const, entries: validation },
          { name: 'trainval' as const, entries: split.entries },
        ];
      })
    : written.splits;
  return { classes, root: folder, splits: listed, written: written.size, origin: { read: written.source }, notes };
}
