/** Thumbnails of the clips that a model sees, for a page that shows a whole split: as many and as large as it can carry. */
import pLimit from 'p-limit';
import type { Entry } from '../data/manifest.ts';
import { type ClipShape, evenFrames, stripOf } from '../drawing/strip.ts';
import { dataUrl } from '../formats/data-url.ts';
import { encodePicture } from '../video/image/encode-picture.ts';

export interface Thumbnail {
  /** `data:` URL of a strip: its frames side by side. */
  readonly url: string;
  readonly frames: number;
}

interface Form {
  /** Videos up to which it is taken. */
  readonly videos: number;
  readonly frames: number;
  /** Pixels. */
  readonly height: number;
}

/** Some 10 MB at most: a strip of eight frames of 96 pixels is 20 KB, a still of 64 is 2. */
const FORMS: readonly Form[] = [
  { videos: 500, frames: 8, height: 96 },
  { videos: 1500, frames: 4, height: 80 },
  { videos: Number.POSITIVE_INFINITY, frames: 1, height: 64 },
];
const ENCODED_AT_ONCE = 4;

export interface Thumbnails {
  /** Takes the first view; the clips may be given back when it returns. @param clips uint8 [V, T, S, S, 3] */
  add(entry: Entry, clips: Uint8Array): void;
  /** Id → thumbnail, when all are drawn. */
  all(): Promise<ReadonlyMap<string, Thumbnail>>;
}

/**
 * @param shape of a clip
 * @param videos that there are
 * @param most thumbnails, spread evenly over the videos
 */
export function thumbnails(shape: ClipShape, videos: number, most: number): Thumbnails {
  const drawn = Math.min(videos, most);
  const { frames, height } = FORMS.find((form) => drawn <= form.videos) as Form;
  const limit = pLimit(ENCODED_AT_ONCE);
  const waiting: Promise<readonly [string, Thumbnail]>[] = [];
  let seen = 0;
  return {
    add(entry, clips) {
      const index = seen++;
      if (Math.floor((index * drawn) / videos) === Math.floor(((index + 1) * drawn) / videos)) return;
      const clip = evenFrames(clips, shape, frames);
      const strip = stripOf(clip.data, clip, Math.min(height, shape.size));
      waiting.push(
        limit(async () => {
          const { type, bytes } = await encodePicture(strip);
          return [entry.id, { url: dataUrl(type, bytes), frames: clip.frames }] as const;
        }),
      );
    },
    all: async () => new Map(await Promise.all(waiting)),
  };
}
