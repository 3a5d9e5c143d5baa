/** The words above the clips of a sheet. */
import type { ClipOptions } from '../draw.ts';
import type { Views } from '../loader.ts';
import type { SplitName } from '../manifest.ts';

type As = { readonly epoch: number } | { readonly views: Views };

export function sheetHeading(dataset: string, split: SplitName, fold: number | undefined, as: As): string {
  const of = fold === undefined ? split : `${split}, fold ${fold}`;
  return `${dataset} · ${of} · ${'epoch' in as ? `epoch ${as.epoch}` : `${as.views.segments} × ${as.views.crops} views`}`;
}

/** What is done to every video, as the recipe says it. */
export function describeClips(clip: ClipOptions, as: As, seed: number): string {
  const { frames, stride, size, sampling, crop, cropScale, flip, randAugment, repeats } = clip;
  const { interpolation = 'bilinear', resize, colorJitter, augmentOn, testResize } = clip;
  const filter = interpolation === 'bilinear' ? '' : `, ${interpolation}`;
  const sampled =
    frames === 1 ? '1 frame' : `${frames} frames${sampling === 'segments' ? '' : ` × stride ${stride}`} (${sampling})`;
  if ('views' in as) {
    const { segments, crops } = as.views;
    return `Test views: ${sampled}, ${testResize === 'squash' ? 'whole' : `short side ${testResize ?? size}`}${filter}, ${segments} ${plural('segment', segments)} × ${crops} ${plural('crop', crops)} of ${size}×${size}.`;
  }
  const scale = crop.startsWith('random-resized') ? ` of ${cropScale.join(' to ')} of the area` : '';
  const from =
    crop === 'random' ? ` of ${size}×${size} from short side ${resize ?? size}` : `, resized to ${size}×${size}`;
  const more = [
    randAugment === undefined
      ? ''
      : `, RandAugment with ${randAugment.operations} draws of magnitude ${randAugment.magnitude} (deviation ${randAugment.deviation})`,
    colorJitter === undefined ? '' : `, color jitter of ${colorJitter}`,
    augmentOn === 'crop' && (randAugment !== undefined || colorJitter !== undefined) ? ', after the crop' : '',
    repeats === 1 ? '' : `, ${repeats} clips of each video`,
  ].join('');
  return `Training clips: ${sampled}, crop ${crop}${scale}${from}${filter}, ${flip ? 'mirrored half of the time' : 'never mirrored'}${more}; seed ${seed}.`;
}

const plural = (word: string, count: number): string => (count === 1 ? word : `${word}s`);
