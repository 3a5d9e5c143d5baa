/** What reading a file once tells of it. */
import type { Disposable } from './disposable.ts';
import type { Seek } from './seeks.ts';

export interface VideoFacts {
  /** Frames that decode; 1 for an image, 0 where unreadable. */
  readonly frames: number;
  /** Pixels as displayed, after rotation; 0 where unreadable. */
  readonly width: number;
  readonly height: number;
  /** Mean frames per second; 0 for an image and where nothing tells it. */
  readonly fps: number;
  /** `damaged`: frames decode, but ffmpeg complained on the way. */
  readonly verdict: 'ok' | 'damaged' | 'unreadable';
  /** Why the verdict is not `ok`: ffmpeg's words, or ours. */
  readonly reason?: string;
  /** Present where the size of the picture, or its format, changes on the way. */
  readonly changesSize?: true;
  /** Of sound videos: key frames that were decoded from and gave the same pictures. Absent where there is none. */
  readonly seeks?: readonly Seek[];
  /** Of sound videos: pictures that no other is decoded from; see `disposable.ts`. Absent where there is none. */
  readonly disposable?: Disposable;
}
