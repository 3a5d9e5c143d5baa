/** Which videos a report shows: those that a run is most wrong, nearly right, and most sure about. */
import { type DecodedPrediction, isDecoded, isRight, type PredictionLine } from '../../results/index.ts';

/** As the protocol fuses views: scores are probabilities, or logits, which say nothing by themselves. */
export type Scores = 'softmax' | 'logits';

export interface ChosenVideos {
  /** Wrong, with most confidence. */
  readonly worst: readonly DecodedPrediction[];
  /** Wrong, and the right class has nearly the best score. */
  readonly nearly: readonly DecodedPrediction[];
  /** Right, with most confidence. */
  readonly best: readonly DecodedPrediction[];
}

/** @param most of each kind; equal ones in the order of the split */
export function chooseVideos(predictions: readonly PredictionLine[], scores: Scores, most: number): ChosenVideos {
  const decoded = predictions.filter(isDecoded);
  const right = decoded.filter(isRight);
  const wrong = decoded.filter((line) => !isRight(line));
  const lacks = new Map(wrong.map((line) => [line, lackOf(line)]));
  const lack = (line: DecodedPrediction): number => lacks.get(line) ?? Number.POSITIVE_INFINITY;
  const worst = first(wrong, (line) => -confidenceOf(line, scores), most);
  const shown = new Set(worst);
  return {
    worst,
    nearly: first(
      wrong.filter((line) => !shown.has(line) && Number.isFinite(lack(line))),
      lack,
      most,
    ),
    best: first(right, (line) => -confidenceOf(line, scores), most),
  };
}

/** The ids of all, each once. */
export function idsOf({ worst, nearly, best }: ChosenVideos): string[] {
  return [...new Set([...worst, ...nearly, ...best].map(({ id }) => id))];
}

/** How sure the run is of its best class: its probability; of logits the lead before the second. */
export function confidenceOf({ top }: DecodedPrediction, scores: Scores): number {
  const [best = Number.NaN, second = best] = top.map(({ score }) => score);
  const confidence = scores === 'softmax' ? best : best - second;
  return Number.isNaN(confidence) ? Number.NEGATIVE_INFINITY : confidence;
}

/** The score of the right class; undefined where the file does not say. */
export function rightScore({ score, top, label }: DecodedPrediction): number | undefined {
  return score ?? top.find((scored) => scored.label === label)?.score;
}

/** What the right class lacks to be the best one. */
function lackOf(line: DecodedPrediction): number {
  const own = rightScore(line);
  const best = line.top[0]?.score;
  return own === undefined || best === undefined || Number.isNaN(best - own) ? Number.POSITIVE_INFINITY : best - own;
}

function first<T>(items: readonly T[], key: (item: T) => number, most: number): T[] {
  return items
    .map((item, at) => ({ item, at, key: key(item) }))
    .sort((a, b) => a.key - b.key || a.at - b.at)
    .slice(0, most)
    .map(({ item }) => item);
}
