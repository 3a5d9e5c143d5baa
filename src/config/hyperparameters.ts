/** What of a recipe decides how well it trains, flat: for tables of many runs. */
import path from 'node:path';
import type { Recipe } from './schema.ts';

/** Dotted key → value: `method.bottleneck`, `optim.blr`, `train.seed`. Lists as JSON; no path, and of the weights the file's name. */
export function hyperparameters({
  backbone,
  data,
  method,
  head,
  optim,
  train,
}: Recipe): Record<string, string | number | boolean> {
  const { checkpointMinutes: _1, logEverySteps: _2, recompute: _3, validateEvery: _4, ...training } = train;
  const { frames, stride, size, sampling, crop, randAugment, colorJitter, erasing, repeats } = data;
  const flat: Record<string, string | number | boolean> = {};
  const add = (key: string, value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') flat[key] = value;
    else if (Array.isArray(value)) flat[key] = JSON.stringify(value);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) add(`${key}.${name}`, inner);
    }
  };
  const { name, ...options } = method;
  add('method', name);
  add('method', options);
  add('backbone', { ...backbone, weights: path.basename(backbone.weights.replaceAll('\\', '/'), '.safetensors') });
  add('data', { frames, stride, size, sampling, crop, randAugment, colorJitter, erasing, repeats });
  add('head', head);
  add('optim', optim);
  add('train', training);
  return flat;
}
