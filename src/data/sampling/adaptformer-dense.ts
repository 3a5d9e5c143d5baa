/**
 * AdaptFormer's sampler for all video sets (NeurIPS 2022, 8 frames with stride 4): a window of T × stride frames at a
 * random place, every stride-th frame of it.
 */
import type { Sampler } from './sampler.ts';
import { stridedClips } from './strided-clips.ts';

export const adaptformerDense: Sampler = {
  /**
   * In a video shorter than the window the clip starts at frame 0 and stays where the next step would pass the last
   * frame. The step also stays away from the last frame itself (offsets count from 1 and are compared strictly), as
   * published: D = 29 gives 0, 4, …, 24, 24.
   */
  train(frames, { frames: T, stride }, random) {
    const starts = frames - T * stride + 1;
    let frame = starts > 0 ? random.integer(starts) : 0;
    return Array.from({ length: T }, () => {
      const sampled = frame;
      if (frame + stride + 1 < frames) frame += stride;
      return sampled;
    });
  },
  test: stridedClips,
};
