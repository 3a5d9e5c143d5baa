/** How a top-1 was measured, in one line: it is never printed without. */
import type { Views } from '../data/loader.ts';
import type { TestResize } from '../data/views.ts';
import { countsText } from './counts.ts';
import type { Evaluation } from './evaluate.ts';
import type { Fusion } from './metrics.ts';

export interface Protocol {
  readonly dataset: string;
  readonly split: string;
  readonly fold?: number | undefined;
  readonly classes: number;
  readonly frames: number;
  readonly stride: number;
  readonly sampling: string;
  readonly size: number;
  /** As `testWindows` takes it. */
  readonly resize?: TestResize | undefined;
  /** Default bilinear. */
  readonly interpolation?: string | undefined;
  readonly views: Views;
  readonly fusion: Fusion;
  /** `last weights, epoch 90`. */
  readonly weights: string;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `hmdb51 test, fold 1, 51 classes; 8 frames × stride 4 at 224 px, adaptformer-dense; 4 segments × 3 crops, mean of logits; last, epoch 90 weights`. */
export function protocolText(p: Protocol): string {
  const fold = p.fold === undefined ? '' : `, fold ${p.fold}`;
  const { segments, crops } = p.views;
  const views =
    segments * crops === 1
      ? 'single view'
      : `${plural(segments, 'segment')} × ${plural(crops, 'crop')}, mean of ${p.fusion}`;
  const size = `${p.size} px${pixelsText(p)}`;
  const clip =
    p.frames === 1 ? `images at ${size}` : `${p.frames} frames × stride ${p.stride} at ${size}, ${p.sampling}`;
  return `${p.dataset} ${p.split}${fold}, ${p.classes} classes; ${clip}; ${views}; ${p.weights}`;
}

/** What is not the default: how pictures are resized. */
function pixelsText({ resize, interpolation = 'bilinear' }: Protocol): string {
  const from = resize === undefined ? [] : [resize === 'squash' ? 'squashed' : `of short side ${resize}`];
  const said = [...from, ...(interpolation === 'bilinear' ? [] : [interpolation])];
  return said.length === 0 ? '' : ` (${said.join(', ')})`;
}

/** What is counted. */
export function nounOf({ frames }: Pick<Protocol, 'frames'>): 'video' | 'image' {
  return frames === 1 ? 'image' : 'video';
}

/** The result with its protocol and its counts, on a few lines. */
export function resultText(evaluation: Evaluation, protocol: Protocol): string {
  const { top1, top5, k, counted, missing, failed, viewTop1 } = evaluation;
  const lines = [
    `top-1 ${percent(top1)}   top-${k} ${percent(top5)}   (${protocolText(protocol)})`,
    `over ${countsText(evaluation, nounOf(protocol))}`,
    `single views ${percent(viewTop1)}`,
  ];
  if (missing > 0)
    lines.push(
      `${missing} of ${counted + missing} listed videos are missing (${percent(missing / (counted + missing))}) and not counted`,
    );
  if (failed.length > 0) {
    const counts = failed.length === 1 ? 'counts' : 'count';
    lines.push(`${plural(failed.length, 'video')} could not be decoded and ${counts} as wrong:`);
    lines.push(...failed.slice(0, 10).map(({ id, reason }) => `  ${id}: ${reason}`));
    if (failed.length > 10) lines.push(`  … and ${failed.length - 10} more, in predictions.jsonl`);
  }
  return lines.join('\n');
}
