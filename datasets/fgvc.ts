/**
 * The five fine-grained sets on which VPT, SSF, ARC and their relatives report: CUB-200-2011, NABirds, Oxford Flowers-102,
 * Stanford Dogs, Stanford Cars.
 *
 * VPT's train.json, val.json and test.json are taken where they are there: choose on validation, report on test. Else the
 * official lists, whose training images are VPT's train and validation together (Flowers-102 has an official validation
 * split). Which one it was stands in the prepared data set under `origin.lists`: the numbers differ.
 */
import path from 'node:path';
import { fileFinder } from '../src/data/find-files.ts';
import type { ListedSplit, Listing, OfficialCount } from '../src/data/listing.ts';
import type { Listed } from '../src/data/manifest.ts';
import { isImageFile, type SourceFiles } from '../src/data/source-files.ts';
import { annotationMissing, type DatasetDefinition, type ListOptions, mediaMissing, scanSource } from './dataset.ts';
import {
  breedOf,
  findVptSplits,
  type ImageLists,
  type NameOf,
  readBirdLists,
  readBirdNames,
  readCarLists,
  readCarNames,
  readDogLists,
  readFlowerLists,
  readVptSplits,
} from './fgvc-lists.ts';
import { HELD_OUT_OPTIONS, officialWith, withValidation } from './held-out.ts';

interface FineGrained {
  readonly name: string;
  readonly title: string;
  readonly homepage: string;
  readonly download: string;
  readonly archives: { readonly names: string; readonly images: readonly RegExp[]; readonly lists: readonly RegExp[] };
  readonly classes: number;
  /** Entries of VPT's lists. */
  readonly vpt: readonly [train: number, validation: number, test: number];
  /** Entries of the official lists, where they have no validation split. */
  readonly official?: readonly [train: number, test: number];
  /** What its folder is called. */
  readonly folder: RegExp;
  /** Where VPT's paths start from. */
  readonly imageRoot: string;
  /** The official lists, in words, for who has none of the two. */
  readonly lists: string;
  readOfficial(searched: SourceFiles): Promise<ImageLists | undefined>;
  nameOf(searched: SourceFiles): Promise<NameOf>;
}

const folderName: NameOf = (_id, _rank, file) => path.posix.basename(path.posix.dirname(file));
const CUB = /CUB/i;
const NABIRDS = /nabirds/i;
const TGZ = '(tgz|tar\\.gz|tar|zip)';
const archive = (name: string): RegExp => new RegExp(`^${name}\\.${TGZ}$`, 'i');

export const cub200 = fineGrained({
  name: 'cub200',
  title: 'CUB-200-2011',
  homepage: 'https://www.vision.caltech.edu/datasets/cub_200_2011/',
  download: "CUB_200_2011.tgz, and VPT's train.json, val.json and test.json",
  archives: { names: 'CUB_200_2011.tgz', images: [archive('CUB_200_2011')], lists: [] },
  classes: 200,
  vpt: [5394, 600, 5794],
  official: [5994, 5794],
  folder: CUB,
  imageRoot: 'images/',
  lists: 'images.txt, image_class_labels.txt, train_test_split.txt, classes.txt',
  readOfficial: (searched) => readBirdLists(searched, CUB),
  nameOf: async () => folderName,
});

export const nabirds = fineGrained({
  name: 'nabirds',
  title: 'NABirds',
  homepage: 'https://dl.allaboutbirds.org/nabirds',
  download: "nabirds.tar.gz, and VPT's train.json, val.json and test.json",
  archives: { names: 'nabirds.tar.gz', images: [archive('nabirds')], lists: [] },
  classes: 555,
  vpt: [21_536, 2393, 24_633],
  official: [23_929, 24_633],
  folder: NABIRDS,
  imageRoot: 'images/',
  lists: 'images.txt, image_class_labels.txt, train_test_split.txt, classes.txt',
  readOfficial: (searched) => readBirdLists(searched, NABIRDS),
  nameOf: async (searched) => {
    const names = await readBirdNames(searched, NABIRDS);
    return (id) => names.get(String(id)) ?? `class ${id}`;
  },
});

export const flowers102 = fineGrained({
  name: 'flowers102',
  title: 'Oxford Flowers-102',
  homepage: 'https://www.robots.ox.ac.uk/~vgg/data/flowers/102/',
  download: '102flowers.tgz, imagelabels.mat and setid.mat',
  archives: { names: '102flowers.tgz', images: [archive('102flowers')], lists: [] },
  classes: 102,
  vpt: [1020, 1020, 6149],
  folder: /flower/i,
  imageRoot: '',
  lists: 'imagelabels.mat, setid.mat',
  readOfficial: readFlowerLists,
  nameOf: async () => (id) => `class ${id}`,
});

export const dogs120 = fineGrained({
  name: 'dogs120',
  title: 'Stanford Dogs',
  homepage: 'http://vision.stanford.edu/aditya86/ImageNetDogs/',
  download: "images.tar and lists.tar, and VPT's train.json, val.json and test.json",
  archives: { names: 'images.tar and lists.tar', images: [archive('images')], lists: [archive('lists')] },
  classes: 120,
  vpt: [10_800, 1200, 8580],
  official: [12_000, 8580],
  folder: /dog/i,
  imageRoot: 'Images/',
  lists: 'train_list.mat, test_list.mat',
  readOfficial: (searched) => readDogLists(searched, 120),
  nameOf: async () => (_id, _rank, file) => breedOf(file),
});

export const cars196 = fineGrained({
  name: 'cars196',
  title: 'Stanford Cars',
  homepage: 'https://ai.stanford.edu/~jkrause/cars/car_dataset.html',
  download:
    "cars_train.tgz, cars_test.tgz, car_devkit.tgz and cars_test_annos_withlabels.mat, and VPT's train.json, val.json and test.json",
  archives: {
    names: 'cars_train.tgz, cars_test.tgz and car_devkit.tgz',
    images: [archive('cars_(train|test)')],
    lists: [archive('cars?_devkit')],
  },
  classes: 196,
  vpt: [7329, 815, 8041],
  official: [8144, 8041],
  folder: /car/i,
  imageRoot: '',
  lists: 'cars_train_annos.mat, cars_test_annos_withlabels.mat',
  readOfficial: (searched) => readCarLists(searched, 196),
  nameOf: async (searched) => {
    const names = await readCarNames(searched);
    return (id, rank) => names[rank] ?? `class ${id}`;
  },
});

function fineGrained(set: FineGrained): DatasetDefinition {
  const { name, title, homepage, download, archives, classes } = set;
  const definition: DatasetDefinition = {
    ...{ name, title, homepage, download, classes },
    media: 'images',
    archives: { names: archives.names, media: 'images', videos: archives.images, annotations: archives.lists },
    official: officialOf(set.vpt),
    flip: true,
    sampling: { kind: 'dense', frames: 1, stride: 1, views: [1, 1] },
    options: ['annotations', ...HELD_OUT_OPTIONS],
    list: (source, options) => list(definition, set, source, options),
  };
  return definition;
}

function officialOf([train, validation, test]: FineGrained['vpt']): OfficialCount[] {
  return [
    { split: 'train', entries: train },
    { split: 'validation', entries: validation },
    { split: 'trainval', entries: train + validation },
    { split: 'test', entries: test },
  ];
}

async function list(
  definition: DatasetDefinition,
  set: FineGrained,
  source: string,
  options: ListOptions,
): Promise<Listing> {
  const { videos: images, searched } = await scanSource(source, options, isImageFile);
  const files = images.files.filter(isImageFile);
  if (files.length === 0) throw mediaMissing(definition, images);
  const json = findVptSplits(searched, set.folder);
  const lists =
    json === undefined ? await set.readOfficial(searched) : await readVptSplits(json, await set.nameOf(searched));
  if (lists === undefined) {
    throw annotationMissing(definition, `train.json, val.json and test.json of VPT, nor ${set.lists}`, searched);
  }
  const find = fileFinder(files);
  const notes = [...(lists.notes ?? [])];
  const found = [...lists.splits].map(([name, own]): ListedSplit => {
    const entries = own.map(({ path: listed, label }): Listed => {
      return { id: listed, file: find(listed) ?? `${json === undefined ? '' : set.imageRoot}${listed}`, label };
    });
    return { name, entries };
  });
  const words = json === undefined ? 'the official lists' : "VPT's train.json, val.json and test.json";
  const origin = { lists: words };
  const splits = withValidation(found, lists.classes, options, notes);
  if (json === undefined && set.official !== undefined) {
    const [train, test] = set.official;
    notes.push(`${words}: VPT's JSON files, which hold out a validation split of ${set.vpt[1]}, were not found`);
    const official = officialWith(splits, [
      { split: 'train' as const, entries: train },
      { split: 'test' as const, entries: test },
    ]);
    return { classes: lists.classes, root: images.root, splits, official, origin, notes };
  }
  return { classes: lists.classes, root: images.root, splits, origin, notes };
}
