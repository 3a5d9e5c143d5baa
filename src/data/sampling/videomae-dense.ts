/** VideoMAE's dense sampler for Kinetics, UCF101 and HMDB51 (NeurIPS 2022, 16 frames with stride 4). */
import type { ClipShape, Sampler } from './sampler.ts';
import { stridedClips } from './strided-clips.ts';

/** `count` numbers from `start` to `stop`, both included. */
function linspace(start: number, stop: number, count: number): number[] {
  const step = (stop - start) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === 0 ? start : i === count - 1 ? stop : start + i * step));
}

export const videomaeDense: Sampler = {
  /**
   * T numbers are spread over T × stride frames with both ends included, so that in training the real stride is
   * T·stride / (T-1), 4.27 instead of 4; the test uses exactly 4. As published. A short video is walked through once and
   * its last frame repeated; the window never starts at the last place it could.
   */
  train(frames, { frames: T, stride }: ClipShape, random) {
    const window = T * stride;
    if (frames <= window) {
      const walked = linspace(0, frames, Math.floor(frames / stride));
      return Array.from({ length: T }, (_, i) => Math.floor(Math.min(walked[i] ?? frames, frames - 1)));
    }
    const end = window + random.integer(frames - window);
    return linspace(end - window, end, T).map((frame) => Math.floor(Math.min(frame, end - 1)));
  },
  test: stridedClips,
};
