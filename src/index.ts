/**
 * The library, without a command line: prepare and read data, build a model with a method, train, evaluate. Functions take
 * plain typed options; recipes are one way to come by them (`loadRecipe`).
 */
export { backboneOptions, loadRecipe, parseRecipe, type Recipe, toYaml } from './config/index.ts';
export { drawOperations, type RandAugment, randAugmentOf } from './data/augment/rand-augment.ts';
export type { ClipOptions } from './data/draw.ts';
export type { Loader, TrainBatch, Views } from './data/loader.ts';
export { type LoaderThreadOptions, openLoaderThread } from './data/loader-thread.ts';
export type { Dataset, Entry, Split, SplitName, Verdict } from './data/manifest.ts';
export { type PrepareOptions, prepare } from './data/prepare.ts';
export { readDataset, readSplit } from './data/read-dataset.ts';
export { type ChosenEngine, chooseEngine, describeEngine, type EngineChoice } from './engine/choose.ts';
export type { CompiledStep, Engine, Session, StateSpecs, Step } from './engine/engine.ts';
export type { EngineOptions } from './engine/options.ts';
export { type ErrorKind, Interrupted, PetlVideoError } from './errors/index.ts';
export { type EvaluateOptions, type Evaluation, evaluate, type VideoPrediction } from './eval/evaluate.ts';
export { type Protocol, protocolText, resultText } from './eval/protocol.ts';
export { type Exportable, planCheckpoint, writeCheckpointFile } from './export/checkpoint/index.ts';
export { type ExportOptions, exportModel } from './export/export.ts';
export {
  type Classification,
  type ClassifyOptions,
  type ClassScore,
  classify,
  embed,
  type FileOptions,
} from './inference/classify.ts';
export { loadRun, type Run, type RunOptions } from './inference/run.ts';
export { type Segment, segments } from './inference/segments.ts';
export { type WindowAnswer, type WindowsOptions, type WindowsRun, windows } from './inference/windows.ts';
export { NORMALIZATIONS, SIZES, type VitOptions } from './model/options.ts';
export type { BlockTaps, TapsOf } from './model/taps.ts';
export { type Classifier, classifier, type HeadOptions } from './petl/classifier.ts';
export { methodOf, methods } from './petl/index.ts';
export { type Attached, defineMethod, type Method } from './petl/method.ts';
export { parameterReport, parameterText } from './petl/parameter-report.ts';
export { type StartingValues, startingValues } from './petl/starting-values.ts';
export { readTunedWeights, type TunedMetadata } from './petl/tuned-weights.ts';
export {
  type ClassResult,
  type Comparison,
  compareRuns,
  confusionOf,
  findRuns,
  type PredictionLine,
  perClass,
  type RunResults,
  readResults,
} from './results/index.ts';
export type { HostTensor, HostTensors } from './tensor/host.ts';
export type { TrainEvent, TrainMeans, TrainPlan, TrainResult } from './train/plan.ts';
export { train } from './train/train.ts';
export { applyOperations, type Operation } from './video/augment/operations.ts';
export { type Decoded, type DecodeRequest, decodeFrames } from './video/decode.ts';
export { type Decoders, type DecodersOptions, type Delivered, openDecoders } from './video/decoders.ts';
export type { VideoFacts } from './video/facts.ts';
export { type Ffmpeg, type FfmpegPlaces, findFfmpeg } from './video/ffmpeg.ts';
export { type ImageFacts, probeImage } from './video/image/probe.ts';
export { probeVideo } from './video/probe.ts';
export type { ClipRequest, Visit } from './video/visit.ts';
