/** Numbers as pages print them. The space before a unit does not break. */

const SPACE = '\u00a0';

/** `23.08 %` */
export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)}${SPACE}%`;
}

/** Percentage points with their sign: `+4.40`, `−1.10`, `0.00`. */
export function points(difference: number): string {
  const size = Math.abs(100 * difference).toFixed(2);
  if (Number(size) === 0) return size;
  return `${difference > 0 ? '+' : '−'}${size}`;
}

/** `1,230,387` */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 video`, `91 videos` */
export function plural(value: number, noun: string): string {
  return `${count(value)}${SPACE}${noun}${value === 1 ? '' : 's'}`;
}

/** In `digits` significant figures, without zeros at the end: 0.004, 31.9, 9.5e-7. */
export function short(value: number, digits = 4): string {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return rounded.toExponential().replace('e+', 'e').replace('-', '−');
  return String(rounded).replace('-', '−');
}

/** `first`, `2nd`, `13th`: of a place from 1. */
export function ordinal(place: number): string {
  const tens = place % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${count(place)}${suffix}`;
}
