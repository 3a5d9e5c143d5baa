/** Clips with what was drawn for them, as cards of a contact sheet and as facts for JSON. */
import type { Frames, Window } from '../../video/window.ts';
import { type ClipOptions, clipBytes } from '../draw.ts';
import { type Entry, isImage } from '../manifest.ts';
import type { Drawn } from './drawn.ts';
import type { Card, Fact, Strip } from './sheet.ts';

const ERASED = 128;

/** A step on the way from the video to the clip. */
export interface Stage {
  readonly name: string;
  readonly clip: Frames;
  /** Whether the crop is to be marked on it. */
  readonly marksCrop: boolean;
}

/** A video of a split with its clips: those of a batch in training, V views at test. */
export interface Shown {
  /** Index in the entries that the loader has. */
  readonly index: number;
  readonly entry: Entry;
  readonly drawn: readonly Drawn[];
  /** uint8 [V, T, S, S, 3]; absent where the video failed. */
  readonly clips?: Uint8Array;
  /** Of each clip, in front of the clip itself; absent where they were not asked for. */
  readonly stages?: readonly (readonly Stage[])[];
  readonly failure?: string;
  /** Beside the verdict. */
  readonly warnings: readonly string[];
}

export function cardOf(shown: Shown, clip: ClipOptions, classes: readonly string[]): Card {
  const { entry, index, failure } = shown;
  return {
    title: className(entry, classes),
    id: entry.id,
    facts: [...factsOf(shown, clip), ['entry', `${index}`], ['label', `${entry.label}`]],
    warnings: warningsOf(shown),
    ...(failure === undefined ? {} : { failure }),
    strips: stripsOf(shown, clip),
  };
}

const className = ({ label }: Entry, classes: readonly string[]): string =>
  label < 0 ? '(label hidden)' : (classes[label] ?? `(class ${label})`);

function warningsOf({ entry, warnings, failure }: Shown): string[] {
  const known = entry.verdict === 'ok' || failure !== undefined ? [] : [describeVerdict(entry)];
  return [...known, ...warnings];
}

/** In the words of `prepare`. */
export const describeVerdict = ({ verdict, reason }: Entry): string =>
  reason === undefined ? verdict : `${verdict}: ${reason}`;

/** Of the video; and of its clip, where there is one alone: several have their facts above their frames. */
function factsOf({ entry, drawn }: Shown, options: ClipOptions): Fact[] {
  const [first] = drawn;
  if (entry.frames === 0) return [];
  const source: Fact = isImage(entry)
    ? ['image', sizeText(entry)]
    : ['video', `${entry.frames} frames, ${sizeText(entry)}, ${Number(entry.fps.toFixed(2))} fps`];
  return first === undefined || drawn.length > 1 ? [source] : [source, ...clipFacts(first, options)];
}

function clipFacts({ view, crop, of, flip, augmented, erased }: Drawn, options: ClipOptions): Fact[] {
  const place = `${sizeText(crop)} at ${crop.x},${crop.y}`;
  if (view !== undefined) return [['crop', `${place} of ${sizeText(of)}`]];
  return [
    ['crop', place],
    ...(options.flip ? [['mirrored', flip ? 'yes' : 'no'] as const] : []),
    ...augmented,
    ...(erased ? [['erased', `${sizeText(erased)} at ${erased.x},${erased.y}`] as const] : []),
  ];
}

const sizeText = ({ width, height }: { readonly width: number; readonly height: number }): string =>
  `${width}×${height}`;

function stripsOf({ entry, drawn, clips, stages }: Shown, options: ClipOptions): Strip[] {
  if (clips === undefined) return [];
  const { frames: T, size: S } = options;
  const bytes = clipBytes(options);
  return drawn.flatMap((one, i): Strip[] => {
    const numbers = isImage(entry) ? {} : { numbers: one.frames };
    const view = captionOf(drawn, one, options);
    const last = { data: clips.subarray(i * bytes, (i + 1) * bytes), frames: T, width: S, height: S };
    const seen = one.erased === undefined ? last : erase(last, one.erased);
    if (stages === undefined) return [{ ...(view === undefined ? {} : { caption: view }), clip: seen, ...numbers }];
    const captioned = (name: string): string => (view === undefined ? name : `${view}: ${name}`);
    return [
      ...(stages[i] ?? []).map(({ name, clip, marksCrop }) => ({
        caption: captioned(name),
        clip,
        ...(marksCrop ? { window: one.crop } : {}),
      })),
      ...(seen === last ? [] : [{ caption: captioned('before a rectangle is erased'), clip: last }]),
      { caption: captioned('as the model sees it'), clip: seen, ...numbers },
    ];
  });
}

/** Grey in place of the noise, whose values are no colours. */
function erase({ data, frames, width, height }: Frames, window: Window): Frames {
  const out = data.slice();
  for (let row = 0; row < frames * height; row++) {
    const y = row % height;
    if (y < window.y || y >= window.y + window.height) continue;
    const at = 3 * (row * width + window.x);
    out.fill(ERASED, at, at + 3 * window.width);
  }
  return { data: out, frames, width, height };
}

/** Which clip of the video it is, with its facts; undefined where there is one alone. */
function captionOf(drawn: readonly Drawn[], one: Drawn, options: ClipOptions): string | undefined {
  if (drawn.length === 1) return undefined;
  const { view, repeat = 0, crop, of } = one;
  if (view === undefined) {
    const facts = clipFacts(one, options).map(([name, value]) => `${name} ${value}`);
    return `clip ${repeat + 1} of ${drawn.length}: ${facts.join(', ')}`;
  }
  const segments = 1 + Math.max(...drawn.map((other) => other.view?.segment ?? 0));
  const crops = 1 + Math.max(...drawn.map((other) => other.view?.crop ?? 0));
  const which = [
    ...(segments > 1 ? [`segment ${view.segment + 1} of ${segments}`] : []),
    ...(crops > 1 ? [`crop ${view.crop + 1} of ${crops}`] : []),
  ];
  return `${which.join(', ')} (at ${crop.x},${crop.y} of ${sizeText(of)})`;
}

/** What stands in the JSON document for a card. */
export interface ShownFacts {
  readonly entry: number;
  readonly id: string;
  readonly file: string;
  readonly label: number;
  /** Null where the label is hidden. */
  readonly class: string | null;
  readonly video: Pick<Entry, 'frames' | 'width' | 'height' | 'fps'>;
  readonly verdict: Entry['verdict'];
  readonly reason: string | null;
  readonly failure: string | null;
  readonly warnings: readonly string[];
  readonly clips: readonly {
    readonly frames: readonly number[];
    readonly crop: Drawn['crop'] & { readonly of: Drawn['of'] };
    readonly flip: boolean;
    readonly view: Drawn['view'] | null;
    readonly augmented: Readonly<Record<string, string>>;
    readonly erased: Drawn['crop'] | null;
  }[];
}

export function shownFacts({ index, entry, drawn, failure, warnings }: Shown, classes: readonly string[]): ShownFacts {
  const { id, file, label, frames, width, height, fps, verdict, reason } = entry;
  return {
    entry: index,
    id,
    file,
    label,
    class: classes[label] ?? null,
    video: { frames, width, height, fps },
    verdict,
    reason: reason ?? null,
    failure: failure ?? null,
    warnings,
    clips: drawn.map((one) => ({
      frames: one.frames,
      crop: { ...one.crop, of: one.of },
      flip: one.flip,
      view: one.view ?? null,
      augmented: Object.fromEntries(one.augmented),
      erased: one.erased ?? null,
    })),
  };
}
