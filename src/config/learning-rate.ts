/** The learning rate of a recipe, and where it comes from (the linear rule of Goyal et al. 2017, at a batch of 256). */
import type { Recipe } from './schema.ts';

const REFERENCE_BATCH = 256;

/** Without binary noise: 0.1 × 128 / 256 is 0.05. */
const rounded = (value: number): number => Number(value.toPrecision(12));

/** Videos of one step; the clips that repeated augmentation makes of each do not count. */
export function videosPerStep({ train }: Pick<Recipe, 'train'>): number {
  return train.batch * train.accumulate;
}

/** The learning rate after warm-up. */
export function learningRate(recipe: Pick<Recipe, 'optim' | 'train'>): number {
  const { lr, blr } = recipe.optim;
  return lr ?? rounded(((blr as number) * videosPerStep(recipe)) / REFERENCE_BATCH);
}

/** `lr 0.05 = blr 0.1 × 128 / 256` (128 videos a step), or `lr 0.05` where the recipe gives it outright. */
export function explainLearningRate(recipe: Pick<Recipe, 'optim' | 'train'>): string {
  const { blr } = recipe.optim;
  const lr = `lr ${learningRate(recipe)}`;
  return blr === undefined ? lr : `${lr} = blr ${blr} × ${videosPerStep(recipe)} / ${REFERENCE_BATCH}`;
}
