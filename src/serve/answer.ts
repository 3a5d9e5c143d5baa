/** What the server asks whoever knows the model, so that it can be tried without one. */
import type { Views } from '../data/loader.ts';

export interface Question {
  /** A file of the server's own, with a name of its own, gone after the answer. */
  readonly file: string;
  /** Classes wanted. */
  readonly top: number;
  readonly views: Views;
  /** Whether the pictures that the model saw are wanted too. */
  readonly clip: boolean;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface Answer {
  /** The best first; probabilities sum to 1 over all classes. */
  readonly top: readonly { readonly class: string; readonly label: number; readonly probability: number }[];
  readonly clip: ClipPictures;
  /** Of the file: frames that decode, pixels as displayed, frames per second (0 of an image). */
  readonly video: { readonly frames: number; readonly width: number; readonly height: number; readonly fps: number };
  /** What the decoder complained of. */
  readonly damage?: string;
  /** To read and decode the file; in the model, its queue not counted. */
  readonly seconds: { readonly decode: number; readonly model: number };
}

/** The first view. */
export interface ClipPictures {
  readonly frames: number;
  /** Side of a frame in pixels, as the model saw it. */
  readonly size: number;
  /** The frames side by side, each `height` pixels high and wide. */
  readonly strip?: { readonly type: string; readonly bytes: Uint8Array; readonly height: number };
}

/** @throws PetlVideoError (data) where nothing of the file can be decoded */
export type Answerer = (question: Question) => Promise<Answer>;
