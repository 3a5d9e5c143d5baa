/** What runs left in their folders, read back; and what can be said of it without an engine. */

export { type BootstrapOptions, mcnemar, type PairedDifference, pairedBootstrap } from './bootstrap.ts';
export {
  type ComparedRow,
  type CompareOptions,
  type Comparison,
  compareRuns,
  type MeasuredRow,
} from './compare.ts';
export {
  type ConfusedPair,
  type Confusion,
  confusedPairs,
  confusionOf,
  countAt,
  videosOf,
} from './confusion.ts';
export { type ComparableDifference, type Difference, differenceBetween } from './difference.ts';
export { EVALUATION_FILE, type EvaluationFile, readEvaluation } from './evaluation.ts';
export { findRuns } from './find-runs.ts';
export { groupSeeds } from './group-seeds.ts';
export { CONFUSION_FILE, keepResult, PER_CLASS_FILE, type RunResult } from './keep.ts';
export { backboneName, commonName, distinctMethodNames, methodNames, runNames, weightsName } from './names.ts';
export { type ClassResult, perClass } from './per-class.ts';
export {
  type DecodedPrediction,
  type FailedPrediction,
  isDecoded,
  isRight,
  PREDICTIONS_FILE,
  type PredictionLine,
  predictedLabel,
  predictionLine,
  readPredictions,
  type ScoredClass,
} from './predictions.ts';
export { type EvaluatedRun, isEvaluated, type RunResults, readResults, requireEvaluated } from './read-run.ts';
export { sharedFolder } from './shared-folder.ts';
export { type TrainedParameters, trainedParameters } from './trained-parameters.ts';
