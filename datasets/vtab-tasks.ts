/** The 19 tasks of VTAB-1k (Zhai et al., "A large-scale study of representation learning", 2019), in the order of its tables. */
import { CIFAR100_CLASSES } from './cifar.ts';
import { DIGITS } from './svhn.ts';

export interface VtabTask {
  /** Also the folder's name in the extracted distribution. */
  readonly name: string;
  readonly group: 'natural' | 'specialized' | 'structured';
  readonly classes: number;
  readonly test: number;
  /** Other names of its folder, in lower case: those of SSF, of NOAH's scripts, of TFDS as VPT writes them. */
  readonly aliases: readonly string[];
  /** Whether a mirrored image keeps its class. */
  readonly flip: boolean;
  /** Side of the original images, where they are of one size and were lossless: JPEG copies of them lose most. */
  readonly losslessSide?: number;
  /** Label → name, where the labels have names that are known here. */
  readonly names?: readonly string[];
}

const EUROSAT = [
  ...['AnnualCrop', 'Forest', 'HerbaceousVegetation', 'Highway', 'Industrial'],
  ...['Pasture', 'PermanentCrop', 'Residential', 'River', 'SeaLake'],
];

export const VTAB_TASKS: readonly VtabTask[] = [
  {
    ...{ name: 'cifar', group: 'natural', classes: 100, test: 10_000, flip: true, losslessSide: 32 },
    aliases: ['cifar100', 'cifar-100', 'cifar(num_classes=100)'],
    names: CIFAR100_CLASSES,
  },
  { name: 'caltech101', group: 'natural', classes: 102, test: 6084, flip: true, aliases: ['caltech', 'caltech-101'] },
  { name: 'dtd', group: 'natural', classes: 47, test: 1880, flip: true, aliases: [] },
  {
    ...{ name: 'oxford_flowers102', group: 'natural', classes: 102, test: 6149, flip: true },
    aliases: ['flowers102', 'flowers', 'oxford_flowers', 'oxford-flowers102'],
  },
  {
    ...{ name: 'oxford_iiit_pet', group: 'natural', classes: 37, test: 3669, flip: true },
    aliases: ['pets', 'pet', 'oxford_pet', 'oxford_pets', 'oxford-iiit-pet'],
  },
  {
    ...{ name: 'svhn', group: 'natural', classes: 10, test: 26_032, flip: false, losslessSide: 32 },
    aliases: ['svhn_cropped'],
    names: DIGITS,
  },
  { name: 'sun397', group: 'natural', classes: 397, test: 21_750, flip: true, aliases: ['sun', 'sun-397'] },
  {
    ...{ name: 'patch_camelyon', group: 'specialized', classes: 2, test: 32_768, flip: true, losslessSide: 96 },
    aliases: ['camelyon', 'pcam', 'patch-camelyon'],
    names: ['normal', 'tumor'],
  },
  {
    ...{ name: 'eurosat', group: 'specialized', classes: 10, test: 5400, flip: true },
    aliases: ['euro_sat'],
    names: EUROSAT,
  },
  { name: 'resisc45', group: 'specialized', classes: 45, test: 6300, flip: true, aliases: ['resisc'] },
  {
    ...{ name: 'diabetic_retinopathy', group: 'specialized', classes: 5, test: 42_670, flip: true },
    aliases: ['retinopathy', 'diabetic_retinopathy(config="btgraham-300")'],
    names: ['no retinopathy', 'mild', 'moderate', 'severe', 'proliferative'],
  },
  {
    ...{ name: 'clevr_count', group: 'structured', classes: 8, test: 15_000, flip: true },
    aliases: ['clevr-count', 'clevr(task="count_all")'],
    names: Array.from({ length: 8 }, (_, i) => `${i + 3} objects`),
  },
  {
    ...{ name: 'clevr_dist', group: 'structured', classes: 6, test: 15_000, flip: true },
    aliases: ['clevr-dist', 'clevr_distance', 'clevr(task="closest_object_distance")'],
    names: ['below 8', '8 to 8.5', '8.5 to 9', '9 to 9.5', '9.5 to 10', 'above 10'],
  },
  { name: 'dmlab', group: 'structured', classes: 6, test: 22_735, flip: true, aliases: [] },
  {
    ...{ name: 'kitti', group: 'structured', classes: 4, test: 711, flip: true },
    aliases: ['kitti_dist', 'kitti_distance', 'kitti(task="closest_vehicle_distance")'],
    names: ['below 8 m', '8 to 20 m', 'above 20 m', 'no vehicle'],
  },
  {
    ...{ name: 'dsprites_loc', group: 'structured', classes: 16, test: 73_728, flip: false, losslessSide: 64 },
    aliases: ['dsprites-loc', 'dsprites(predicted_attribute="label_x_position",num_classes=16)'],
  },
  {
    ...{ name: 'dsprites_ori', group: 'structured', classes: 16, test: 73_728, flip: false, losslessSide: 64 },
    aliases: ['dsprites-ori', 'dsprites(predicted_attribute="label_orientation",num_classes=16)'],
  },
  {
    ...{ name: 'smallnorb_azi', group: 'structured', classes: 18, test: 12_150, flip: false, losslessSide: 96 },
    aliases: ['smallnorb-azi', 'smallnorb(predicted_attribute="label_azimuth")'],
  },
  {
    ...{ name: 'smallnorb_ele', group: 'structured', classes: 9, test: 12_150, flip: true, losslessSide: 96 },
    aliases: ['smallnorb-ele', 'smallnorb(predicted_attribute="label_elevation")'],
  },
];

/** The task that a folder's name means, or undefined. */
export function taskNamed(folder: string): VtabTask | undefined {
  const name = folder
    .toLowerCase()
    .replace(/^vtab[-_]/, '')
    .replaceAll("'", '"')
    .replaceAll(' ', '');
  return VTAB_TASKS.find((task) => task.name === name || task.aliases.includes(name));
}
