/** The data sets that `petl-video prepare` knows: a new one is its file here and a line below. */
import { cifar10, cifar100 } from './cifar.ts';
import type { DatasetDefinition } from './dataset.ts';
import { fewShot } from './few-shot.ts';
import { cars196, cub200, dogs120, flowers102, nabirds } from './fgvc.ts';
import { folder } from './folder.ts';
import { food101 } from './food101.ts';
import { hmdb51 } from './hmdb51.ts';
import { kinetics400, kinetics600, kinetics700 } from './kinetics.ts';
import { ssv2 } from './ssv2.ts';
import { svhn, svhnExtra } from './svhn.ts';
import { ucf101 } from './ucf101.ts';
import { vtab1k } from './vtab1k.ts';

export const DATASETS: readonly DatasetDefinition[] = [
  ssv2,
  hmdb51,
  ucf101,
  kinetics400,
  kinetics600,
  kinetics700,
  cifar10,
  cifar100,
  svhn,
  svhnExtra,
  food101,
  cub200,
  nabirds,
  flowers102,
  dogs120,
  cars196,
  fewShot,
  vtab1k,
  folder,
];
