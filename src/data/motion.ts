/**
 * Videos in which the class is the motion and nothing else: a random texture that drifts in one of eight directions.
 *
 * The texture is a sum of plane waves with random directions, wavelengths, phases and colours. Drifting only adds to the
 * phases, which are uniform: every single frame has the same distribution under every class, so that no frame tells it.
 */
import type { Random } from '../tensor/random.ts';
import type { Frames, Size } from '../video/window.ts';

/** Eight directions, 45° apart, as seen on the screen. */
export const DIRECTIONS = ['right', 'down-right', 'down', 'down-left', 'left', 'up-left', 'up', 'up-right'] as const;

export interface MotionOptions extends Size {
  readonly frames: number;
  /** Pixels per frame, from and to. */
  readonly speed: readonly [number, number];
  /** Wavelengths in pixels, from and to; at least four times the displacement between the frames compared. */
  readonly wavelength: readonly [number, number];
}

const WAVES = 6;

interface Wave {
  readonly kx: number;
  readonly ky: number;
  readonly phase: number;
  readonly color: readonly [number, number, number];
}

/** One video, uint8 [T, H, W, 3], drifting in `DIRECTIONS[direction]`. */
export function drawMotion(direction: number, options: MotionOptions, random: Random): Frames {
  const { frames, width, height } = options;
  const between = ([low, high]: readonly [number, number]): number => low + random.uniform() * (high - low);
  const angle = (direction * Math.PI) / 4;
  const speed = between(options.speed);
  const [vx, vy] = [speed * Math.cos(angle), speed * Math.sin(angle)];
  const waves = Array.from({ length: WAVES }, (): Wave => {
    const towards = 2 * Math.PI * random.uniform();
    const k = (2 * Math.PI) / between(options.wavelength);
    return {
      kx: k * Math.cos(towards),
      ky: k * Math.sin(towards),
      phase: 2 * Math.PI * random.uniform(),
      color: [random.normal(), random.normal(), random.normal()],
    };
  });
  const data = new Uint8Array(frames * width * height * 3);
  const contrast = 127 / Math.sqrt(2 * WAVES);
  let at = 0;
  for (let t = 0; t < frames; t++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let [red, green, blue] = [0, 0, 0];
        for (const { kx, ky, phase, color } of waves) {
          const wave = Math.sin(kx * (x - vx * t) + ky * (y - vy * t) + phase);
          red += wave * color[0];
          green += wave * color[1];
          blue += wave * color[2];
        }
        for (const value of [red, green, blue]) {
          data[at++] = Math.max(0, Math.min(255, Math.round(127.5 + contrast * value)));
        }
      }
    }
  }
  return { data, frames, width, height };
}
