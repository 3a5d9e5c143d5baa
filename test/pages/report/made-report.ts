/** Reports of runs that never were: any number of classes and videos, drawn from a seed, in no folder. */
import { parseRecipe, toYaml } from '../../../src/config/index.ts';
import { encodePng, type RgbPicture } from '../../../src/formats/png.ts';
import { chooseVideos, idsOf } from '../../../src/pages/report/choose-videos.ts';
import type { ReportData, RunReport } from '../../../src/pages/report/data.ts';
import {
  compareRuns,
  type DecodedPrediction,
  isDecoded,
  type PredictionLine,
  type RunResults,
  trainedParameters,
} from '../../../src/results/index.ts';
import { type Random, rng } from '../../../src/tensor/random.ts';

export interface MadeResults {
  readonly name?: string;
  readonly classes?: readonly string[];
  readonly videos?: number;
  readonly seed?: number;
  readonly method?: string;
  /** Share of the videos that are taken for what they are. */
  readonly skill?: number;
  /** Every so many videos one could not be decoded. */
  readonly failsEvery?: number;
  readonly epochs?: number;
  /** Epochs that were logged. */
  readonly done?: number;
  readonly linesPerEpoch?: number;
  readonly evaluated?: boolean;
  readonly idOf?: (video: number) => string;
  readonly fusion?: 'softmax' | 'logits';
}

export function classNames(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `${WORDS[k % WORDS.length]}_${Math.floor(k / WORDS.length)}`);
}

const WORDS = [
  'serve',
  'smash',
  'volley',
  'backhand',
  'slice',
  'lob',
  'ride_horse',
  'shoot_ball',
  'wave',
  'brush_hair',
];
const EVERY = 4;

export function madeResults(made: MadeResults = {}): RunResults {
  const { classes = classNames(7), seed = 0, method = 'adaptformer', epochs = 10, done = epochs } = made;
  const name = made.name ?? `${method}-seed${seed}`;
  const options = method === 'adaptformer' ? ', bottleneck: 4' : '';
  const recipe = parseRecipe(
    `\
name: made-${method}
data: { path: data/made, frames: 8, stride: 4, size: 32, crop: center }
backbone: { size: { width: 16, depth: 1, heads: 2 }, patch: 8, tubelet: 2, weights: random }
method: { name: ${method}${options} }
optim: { name: adamw, lr: 0.01, weightDecay: 0, warmupEpochs: 0 }
train: { epochs: ${epochs}, batch: 4, seed: ${seed}, logEverySteps: ${EVERY} }
`,
    { file: 'made.yaml' },
  );
  const predictions = madePredictions(made, classes, rng(seed, `made/${name}`));
  const right = predictions.filter((line) => isDecoded(line) && line.rank === 0).length;
  const right5 = predictions.filter((line) => isDecoded(line) && line.rank < 5).length;
  const failed = predictions.flatMap((line) => ('failure' in line ? [{ id: line.id, reason: line.failure }] : []));
  const counted = predictions.length;
  const fusion = made.fusion ?? 'softmax';
  const evaluation: RunResults['evaluation'] = {
    ...{ top1: right / counted, top5: right5 / counted, k: Math.min(5, classes.length), viewTop1: right / counted },
    ...{ listed: counted + 3, counted, missing: 3, unreadable: 0, undecoded: failed.length, damaged: 0, failed },
    protocol: {
      ...{ dataset: 'made', split: 'validation', classes: classes.length, frames: 8, stride: 4, size: 32 },
      ...{ sampling: 'dense', views: { segments: 2, crops: 3 }, fusion, weights: `last weights, epoch ${done}` },
      text: `made validation, ${classes.length} classes; 8 frames × stride 4 at 32 px; 2 segments × 3 crops, mean of ${fusion}`,
    },
  };
  return {
    folder: `runs/${name}`,
    name,
    recipe,
    recipeText: toYaml(recipe),
    metrics: madeMetrics(done, made.linesPerEpoch ?? 8, rng(seed, `made/metrics/${name}`)),
    ...(done === 0 ? {} : { metadata: madeMetadata(recipe, classes, done) }),
    ...(made.evaluated === false ? {} : { evaluation, predictions }),
    classes,
    parameters: trainedParameters(recipe, classes.length),
  };
}

function madeMetadata(recipe: RunResults['recipe'], classes: readonly string[], epoch: number): RunResults['metadata'] {
  return { method: recipe.method, classes, backbone: 'fingerprint', recipe: toYaml(recipe), training: { epoch } };
}

function madePredictions(made: MadeResults, classes: readonly string[], random: Random): PredictionLine[] {
  const { videos = 91, skill = 0.5, failsEvery = 0, idOf = (video: number) => `v/${100_000 + video}.mp4` } = made;
  const named = (label: number, score: number) => ({ class: classes[label] as string, label, score });
  return Array.from({ length: videos }, (_, video): PredictionLine => {
    const label = video % classes.length;
    const asked = { id: idOf(video), file: idOf(video), label, class: classes[label] as string };
    if (failsEvery > 0 && video % failsEvery === 0) return { ...asked, failure: 'no frame could be decoded' };
    // Wrong ones are near in label as a rule, so that the matrix has a grain.
    const near = (label + 1 + Math.floor(random.uniform() ** 3 * (classes.length - 1))) % classes.length;
    const isRight = random.uniform() < skill;
    const best = 0.3 + 0.6 * random.uniform();
    const [first, second] = isRight ? [label, near] : [near, label];
    const top = [named(first, best), named(second, (1 - best) / 2)];
    for (let k = 0; top.length < Math.min(5, classes.length); k++) {
      if (k !== first && k !== second) top.push(named(k, (1 - best) / 16));
    }
    const line: DecodedPrediction = {
      ...asked,
      ...{ rank: isRight ? 0 : 1, score: isRight ? best : (1 - best) / 2, top },
    };
    return line;
  });
}

function madeMetrics(epochs: number, lines: number, random: Random): RunResults['metrics'] {
  const updates = lines * EVERY;
  return Array.from({ length: epochs }, (_, at) => at + 1).flatMap((epoch) => {
    const train = Array.from({ length: lines }, (_, line) => {
      const update = (epoch - 1) * updates + (line + 1) * EVERY;
      const share = update / (epochs * updates);
      return {
        kind: 'train' as const,
        ...{ update, epoch },
        ...{
          loss: 2 - 1.5 * share + 0.3 * random.uniform(),
          lr: 0.01 * (1 - share),
          gradientNorm: 2 + random.uniform(),
        },
        ...{ clipsPerSecond: 40 + 5 * random.uniform(), waiting: 0.1 * random.uniform() },
      };
    });
    const top1 = (0.6 * epoch) / epochs;
    const validation = { kind: 'validation' as const, update: epoch * updates, epoch, trainLoss: 2 - epoch / epochs };
    return [...train, { ...validation, top1, top5: Math.min(1, 2 * top1), videos: 91, missing: 0, unreadable: 0 }];
  });
}

/** Three gray frames to each video. */
export async function madeReport(all: readonly RunResults[], videos = 4): Promise<ReportData> {
  const runs = await Promise.all(all.map((results) => madeRunReport(results, videos)));
  return {
    runs,
    ...(all.length > 1 ? { comparison: compareRuns(all, { resamples: 200 }) } : {}),
    ...{ version: '0.0.0', made: new Date('2026-03-01T12:30:00Z') },
  };
}

async function madeRunReport(results: RunResults, videos: number): Promise<RunReport> {
  const { name, predictions, evaluation } = results;
  if (predictions === undefined || evaluation === undefined) return { name, results };
  const chosen = chooseVideos(predictions, evaluation.protocol.fusion, videos);
  const bytes = await encodePng(strip());
  const pictures = idsOf(chosen).map((id) => [id, { picture: { type: 'image/png', bytes }, frames: 3 }] as const);
  return { name, results, videos: { chosen, pictures: new Map(pictures) } };
}

function strip(): RgbPicture {
  const [width, height] = [24, 8];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => 60 + 60 * Math.floor(((at / 3) % width) / 8));
  return { data, width, height };
}
