import { type Classifier, classifier } from '../petl/classifier.ts';
import { methodOf } from '../petl/index.ts';
import { backboneOptions } from './backbone-options.ts';
import type { Recipe } from './schema.ts';

/** The classifier that a recipe describes; no weights are read. @param classes K */
export function buildModel(recipe: Recipe, classes: number): Classifier {
  const { name, ...options } = recipe.method;
  const backbone = backboneOptions(recipe);
  return classifier(backbone, methodOf(name).attach(backbone, options), { classes, ...recipe.head });
}
