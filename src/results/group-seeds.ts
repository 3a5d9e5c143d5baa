/** Runs that differ in their seed alone are one result, told as mean and deviation. */
import { differenceOf, type Recipe } from '../config/index.ts';
import type { RunResults } from './read-run.ts';

/** Groups in the order of their first runs. No group has one seed twice. */
export function groupSeeds(runs: readonly RunResults[]): RunResults[][] {
  const groups: RunResults[][] = [];
  for (const run of runs) {
    const group = groups.find((others) => isAnotherSeed(run, others));
    if (group === undefined) groups.push([run]);
    else group.push(run);
  }
  return groups;
}

function isAnotherSeed(run: RunResults, others: readonly RunResults[]): boolean {
  const [first] = others as [RunResults];
  const { seed } = run.recipe.train;
  const sameProtocol = run.evaluation?.protocol.text === first.evaluation?.protocol.text;
  if (!sameProtocol || others.some(({ recipe }) => recipe.train.seed === seed)) return false;
  const named: Recipe = { ...run.recipe, name: first.recipe.name };
  return (
    differenceOf(first.recipe, { ...named, train: { ...named.train, seed: first.recipe.train.seed } }) === undefined
  );
}
