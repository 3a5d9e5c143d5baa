/** float32 to the 16-bit floats, rounded to nearest, halves to even, and back. Node 20 has neither as an array type. */

const NAN_16 = 0x7e00;
const INFINITY_16 = 0x7c00;

/** IEEE half precision; from 65520 on it is infinite. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const word = bits[i] as number;
    const magnitude = word & 0x7fffffff;
    halves[i] = ((word >>> 16) & 0x8000) | halfOf(magnitude, Math.abs(values[i] as number));
  }
  return halves;
}

function halfOf(magnitude: number, value: number): number {
  if (magnitude > 0x7f800000) return NAN_16;
  if (value >= 65520) return INFINITY_16;
  // Below 2^-14 the steps are even: 2^-24.
  if (value < 2 ** -14) return roundHalfToEven(value * 2 ** 24);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return (rounded >>> 13) - (112 << 10);
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** The upper half of a float32. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(bits, (word) =>
    (word & 0x7fffffff) > 0x7f800000 ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16,
  );
}

/** IEEE half precision: 1 sign, 5 exponent (bias 15), 10 fraction bits. Exact in float32, NaN and ±∞ included. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i] as number;
    const exponent = (half >>> 10) & 0x1f;
    const fraction = half & 0x3ff;
    let value: number;
    if (exponent === 0x1f) value = fraction === 0 ? Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) value = fraction * 2 ** -24;
    else value = (1 + fraction / 1024) * 2 ** (exponent - 15);
    values[i] = half & 0x8000 ? -value : value;
  }
  return values;
}

export function fromBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = (bits[i] as number) << 16;
  return new Float32Array(wide.buffer);
}
