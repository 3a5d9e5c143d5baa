/** What every family of samplers offers. */
import type { Random } from '../../tensor/random.ts';

export interface ClipShape {
  /** T, frames of a clip. */
  readonly frames: number;
  /** Frames of the video from one sampled frame to the next; segments ignore it. */
  readonly stride: number;
}

/** All functions give T frame numbers in 0..D-1 per clip for any video of D ≥ 1 frames, repeating where it is too short. */
export interface Sampler {
  /** One clip of a video of `frames` frames. */
  train(frames: number, clip: ClipShape, random: Random): number[];
  /**
   * K clips, evenly spread over the video. Nothing is random: validation is the test with one segment, which is the clip in
   * the middle. (The original repositories validate at a random position, so that their curves carry noise.)
   */
  test(frames: number, clip: ClipShape, segments: number): number[][];
}
