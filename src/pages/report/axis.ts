/** Axes of plots: round numbers at even steps. */

export interface Axis {
  readonly low: number;
  readonly high: number;
  /** Ascending, within [low, high]. */
  readonly ticks: readonly number[];
}

/** An axis that holds the values and ends at ticks. @param most intervals between ticks */
export function axisOf(least: number, largest: number, most = 4): Axis {
  const [from, to] = least < largest ? [least, largest] : widened(least);
  const step = roundStep((to - from) / most);
  const first = Math.floor(from / step + 1e-9);
  const last = Math.ceil(to / step - 1e-9);
  return { low: first * step, high: last * step, ticks: multiples(first, last, step) };
}

/** Whole numbers from 0, `largest` itself the end. */
export function countingAxis(largest: number, most = 6): Axis {
  const step = Math.max(1, roundStep(largest / most));
  return { low: 0, high: largest, ticks: multiples(0, Math.floor(largest / step + 1e-9), step) };
}

/** Where a value lies, in [0, 1] of the axis. */
export function placeOn({ low, high }: Axis, value: number): number {
  return high === low ? 0 : (value - low) / (high - low);
}

/** A tick's text: as many decimals as its neighbours need. */
export function tickText({ ticks }: Axis, value: number): string {
  if (value === 0) return '0';
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const largest = Math.max(...ticks.map(Math.abs));
  if (largest > 0 && largest < 1e-3) {
    const [digits, exponent] = value.toExponential(1).split('e');
    return `${Number(digits)}e−${Math.abs(Number(exponent))}`;
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** Of 1, 2, 5 times a power of ten the least that is not smaller. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const factor = [1, 2, 5, 10].find((round) => round * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}

function widened(value: number): [number, number] {
  const room = value === 0 ? 1 : Math.abs(value) / 2;
  return [value === 0 ? 0 : value - room, value + room];
}

function multiples(first: number, last: number, step: number): number[] {
  // 3 × 0.1 is not 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
