/** Tables of 256 for operations that map each value by itself; `histogram` is that of a channel. */

function table(value: (i: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, i) => value(i));
}

export const inverted = (): Uint8Array => table((i) => 255 - i);

export function posterized(bits: number): Uint8Array {
  return table((i) => i & ~(2 ** (8 - bits) - 1));
}

export function solarized(threshold: number): Uint8Array {
  return table((i) => (i < threshold ? i : 255 - i));
}

/** Dark values become brighter. */
export function solarizedByAdding(add: number): Uint8Array {
  return table((i) => (i < 128 ? Math.min(i + add, 255) : i));
}

/** degenerate + factor · (value − degenerate), in float32, clipped and truncated. */
export function blendedWith(degenerate: number, factor: number): Uint8Array {
  const { fround } = Math;
  return table((i) => {
    const value = fround(degenerate + fround(fround(factor) * (i - degenerate)));
    return Math.trunc(Math.min(Math.max(value, 0), 255));
  });
}

/** A channel of a single value stays as it is. */
export function stretched(histogram: Uint32Array): Uint8Array {
  const low = histogram.findIndex((count) => count > 0);
  const high = histogram.findLastIndex((count) => count > 0);
  if (high <= low) return table((i) => i);
  const scale = 255 / (high - low);
  const offset = -low * scale;
  return table((i) => Math.min(Math.max(Math.trunc(i * scale + offset), 0), 255));
}

/** The step of the cumulated histogram leaves its last value out; a channel too small for a step of 1 stays as it is. */
export function equalized(histogram: Uint32Array): Uint8Array {
  const last = histogram[histogram.findLastIndex((count) => count > 0)] as number;
  const step = Math.floor((histogram.reduce((sum, count) => sum + count, 0) - last) / 255);
  if (step === 0) return table((i) => i);
  let below = Math.floor(step / 2);
  return table((i) => {
    const value = Math.min(Math.floor(below / step), 255);
    below += histogram[i] as number;
    return value;
  });
}
