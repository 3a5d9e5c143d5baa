/** What is said of several runs that differ in their seed alone. */
export interface MeanDeviation {
  readonly mean: number;
  /** Of the sample, over n − 1; absent for a single value, which has none. */
  readonly deviation?: number;
}

/** @param values at least one */
export function meanDeviation(values: readonly number[]): MeanDeviation {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
