/** Data sets whose images lie in arrays: what CIFAR and SVHN share once `prepare` has written each image to a file. */
import path from 'node:path';
import type { Listing, OfficialCount } from '../src/data/listing.ts';
import { readPictures } from '../src/data/picture-arrays.ts';
import { dataError } from '../src/errors/index.ts';
import type { ListOptions } from './dataset.ts';
import { officialWith, withValidation } from './held-out.ts';

/** The written images, train and test. @throws data error where the images are still in their arrays */
export async function listWritten(
  source: string,
  classes: readonly string[],
  official: readonly OfficialCount[],
  options: ListOptions,
): Promise<Listing> {
  const folder = options.unpacked && path.resolve(options.unpacked.videos);
  if (folder === undefined) {
    throw dataError('the images are still in their arrays', {
      at: source,
      remedy: 'run petl-video prepare without --dry-run: it writes each image to a file first',
    });
  }
  const written = await readPictures(folder, ['train', 'test']);
  const notes = [...written.notes];
  const splits = withValidation(written.splits, classes, options, notes);
  return {
    ...{ classes, root: folder, splits, notes },
    official: officialWith(splits, official),
    written: written.size,
    origin: { 'read from': written.source },
  };
}
