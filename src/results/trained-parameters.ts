/** How much of a run is trained: what papers print beside a top-1. */
import { backboneOptions, buildModel, type Recipe } from '../config/index.ts';
import { backboneParameters, poolIsTrained, poolParameters } from '../model/backbone.ts';
import { type ParameterReport, parameterReport } from '../petl/parameter-report.ts';
import { countParameters } from '../tensor/parameters.ts';

export interface TrainedParameters extends ParameterReport {
  /** Trained ones outside the head: the method's own, or those of the backbone that it trains. */
  readonly withoutHead: number;
  /** All parameters of the backbone, without the head and what the method adds. */
  readonly backbone: number;
  /** `withoutHead / backbone`. */
  readonly share: number;
}

/**
 * Counted on the model that the recipe describes; no weights are read. The head is the linear layer and the LayerNorm
 * before it where that is new (VideoMAE's `fc_norm`).
 *
 * @param classes K
 */
export function trainedParameters(recipe: Recipe, classes: number): TrainedParameters {
  const backbone = backboneOptions(recipe);
  const model = buildModel(recipe, classes);
  const pool = poolParameters(backbone);
  const newPool = poolIsTrained(backbone) ? pool : [];
  const isHead = (parameter: string): boolean =>
    parameter.startsWith('head.') || newPool.some((spec) => spec.name === parameter);
  const withoutHead = countParameters(model.trained.filter((spec) => !isHead(spec.name)));
  const size = countParameters([...backboneParameters(backbone), ...(newPool.length > 0 ? [] : pool)]);
  return { ...parameterReport(model), withoutHead, backbone: size, share: withoutHead / size };
}
