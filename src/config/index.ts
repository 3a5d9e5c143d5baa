/** Recipes: what a run is made of, read from YAML and checked. */
export { backboneOptions } from './backbone-options.ts';
export { buildModel } from './build-model.ts';
export { type Difference, differenceOf } from './difference.ts';
export { type Axis, parseAxes, parseSeeds, type Setting, settingsOf } from './grid.ts';
export { hyperparameters } from './hyperparameters.ts';
export { recipeJsonSchema } from './json-schema.ts';
export { explainLearningRate, learningRate, videosPerStep } from './learning-rate.ts';
export { loadRecipe } from './load-recipe.ts';
export { type ParseOptions, parseRecipe, toYaml } from './parse-recipe.ts';
export { isFolder, loadRecipes, type RecipeFile } from './recipe-folder.ts';
export { type MethodChoice, type MethodOptions, type Recipe, type RecipeSchema, recipeSchema } from './schema.ts';
