import { annotationMissing, type DatasetDefinition, scanSource } from '../../datasets/dataset.ts';
import { findByName, readTable } from '../../src/data/annotation.ts';
import { splitNamed } from '../../src/data/listing.ts';
import { dataError } from '../../src/errors/index.ts';

const CLASSES = ['cut', 'pour', 'stir'];

export const kitchen: DatasetDefinition = {
  name: 'kitchen',
  title: 'Kitchen gestures',
  homepage: 'https://example.org/kitchen',
  download: 'the videos and labels.csv',
  classes: CLASSES.length,
  official: [
    { split: 'train', entries: 900 },
    { split: 'test', entries: 300 },
  ],
  flip: true,
  sampling: { kind: 'dense', frames: 16, stride: 4, views: [5, 3] },
  options: ['annotations'],
  async list(source, options) {
    const { videos, searched } = await scanSource(source, options);
    const [file] = findByName(searched, /^labels\.csv$/);
    if (file === undefined) throw annotationMissing(kitchen, 'labels.csv', searched);
    const listed = (await readTable(file)).rows.map((row) => {
      const [id = '', name = '', split = ''] = ['video', 'gesture', 'split'].map((column) => row.get(column));
      const label = CLASSES.indexOf(name);
      if (label < 0) throw dataError(`'${name}' is no gesture`, { at: row.at, remedy: `choose from ${CLASSES}` });
      return { split: splitNamed(split), entry: { id, file: `${id}.mp4`, label } };
    });
    const splits = (['train', 'test'] as const).map((name) => ({
      name,
      entries: listed.filter(({ split }) => split === name).map(({ entry }) => entry),
    }));
    return { classes: CLASSES, root: videos.root, splits, notes: [] };
  },
};
