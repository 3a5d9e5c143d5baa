/** float32 to the 16-bit floats, rounded to nearest, halves to even. Node 20 has neither as an array type. */

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
