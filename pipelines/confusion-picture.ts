import type { Evaluation } from '../src/eval/evaluate.ts';
import { confusionFigure } from '../src/figures/confusion.ts';
import { pngOf } from '../src/figures/png.ts';
import { confusionOf, predictionLine } from '../src/results/index.ts';

/**
 * What is confused with what, as a PNG.
 * @param note how it was measured
 */
export function confusionPicture(
  { predictions, top1 }: Evaluation,
  classes: readonly string[],
  note: string,
  scale: number,
): Promise<Uint8Array> {
  const lines = predictions.map((prediction) => predictionLine(prediction, classes));
  const { counts } = confusionOf(lines, classes.length);
  return pngOf(confusionFigure({ title: `top-1 ${(100 * top1).toFixed(2)} %`, note, classes, counts }), scale);
}
