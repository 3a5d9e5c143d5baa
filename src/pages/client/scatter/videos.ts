/** The videos of the page and what is shown of them. */
import type { Carried, CarriedClass, CarriedThumbnail } from './carried.ts';

export interface PanelVideos {
  readonly title: string;
  /** [n, 2]: 0-1, y downwards; NaN where the video is not in the panel. */
  readonly points: Float32Array;
  readonly predictions: Int16Array | undefined;
}

export interface Videos {
  readonly noun: 'video' | 'image';
  readonly count: number;
  readonly ids: readonly string[];
  readonly labels: Int16Array;
  readonly classes: readonly CarriedClass[];
  readonly panels: readonly PanelVideos[];
  readonly thumbnails: Readonly<Record<number, CarriedThumbnail>>;
}

export function videosOf(carried: Carried): Videos {
  return {
    ...carried,
    count: carried.ids.length,
    labels: new Int16Array(bytesOf(carried.labels)),
    panels: carried.panels.map(({ title, points, predictions }) => ({
      title,
      points: Float32Array.from(new Uint16Array(bytesOf(points)), (step) =>
        step === 65535 ? Number.NaN : step / 65534,
      ),
      predictions: predictions === undefined ? undefined : new Int16Array(bytesOf(predictions)),
    })),
  };
}

function bytesOf(base64: string): ArrayBuffer {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes.buffer;
}

/** What the reader asked for. */
export interface Shown {
  /** Classes to be seen; all if it is empty. */
  readonly chosen: ReadonlySet<number>;
  readonly onlyWrong: boolean;
  /** Part of an id, in lower case. */
  readonly sought: string;
}

/** [n]: 1 for a video that stands out in a panel. With `onlyWrong`, what its own run got wrong. */
export function shownIn(
  videos: Videos,
  { predictions }: PanelVideos,
  { chosen, onlyWrong, sought }: Shown,
): Uint8Array {
  const shown = new Uint8Array(videos.count);
  for (let i = 0; i < videos.count; i++) {
    const label = videos.labels[i] as number;
    if (chosen.size > 0 && !chosen.has(label)) continue;
    if (onlyWrong && (predictions === undefined || predictions[i] === label || (predictions[i] as number) < 0))
      continue;
    if (sought !== '' && !(videos.ids[i] as string).toLowerCase().includes(sought)) continue;
    shown[i] = 1;
  }
  return shown;
}
