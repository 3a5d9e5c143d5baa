/** One frame from each of T equal segments (TSN; VideoMAE on Something-Something V2). The stride plays no part. */
import type { Sampler } from './sampler.ts';

export const segments: Sampler = {
  /**
   * A random frame of each segment of floor(D / T) frames; the D mod T frames at the end are never used, as published.
   * A video with fewer frames than T is spread over the clip, each frame shown about equally often; the published code
   * means to do so, but never gets there and shows its first frame T times.
   */
  train(frames, { frames: T }, random) {
    const length = Math.floor(frames / T);
    return Array.from({ length: T }, (_, i) =>
      length > 0 ? i * length + random.integer(length) : Math.floor((i * frames) / T),
    );
  },

  /**
   * K interleaved clips: all K·T numbers floor(tick · (i + k/K)), tick = D / T, are sorted, and clip k takes every K-th
   * from the k-th on. One clip takes the middle of each segment.
   */
  test(frames, { frames: T }, segments) {
    const tick = frames / T;
    const shifts = segments === 1 ? [tick / 2] : Array.from({ length: segments }, (_, k) => (tick * k) / segments);
    const all = shifts.flatMap((shift) => Array.from({ length: T }, (_, i) => Math.floor(shift + tick * i)));
    all.sort((a, b) => a - b);
    return shifts.map((_, k) => all.filter((_, i) => i % segments === k));
  },
};
