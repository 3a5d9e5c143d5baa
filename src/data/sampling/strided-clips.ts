/**
 * The test clips of both dense samplers: the video is thinned to every stride-th frame and K windows of T frames are
 * laid over what remains, the first at its start, the last at its end.
 */
import type { ClipShape } from './sampler.ts';

/**
 * K clips of T frame numbers. The thinned video is padded with its last frame to at least T frames. A single clip lies in the
 * middle, where the formula of the papers would divide by zero.
 */
export function stridedClips(frames: number, { frames: T, stride }: ClipShape, segments: number): number[][] {
  const thinned: number[] = [];
  for (let frame = 0; frame < frames; frame += stride) thinned.push(frame);
  const last = thinned.at(-1) ?? 0;
  while (thinned.length < T) thinned.push(last);
  const spare = thinned.length - T;
  return Array.from({ length: segments }, (_, k) => {
    const start = segments === 1 ? spare / 2 : k * (spare / (segments - 1));
    return thinned.slice(Math.floor(start), Math.floor(start) + T);
  });
}
