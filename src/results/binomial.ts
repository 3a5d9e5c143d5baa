/** Binomial draws by inversion from the mode outwards: some √(n p q) steps each. */
import { rng } from '../tensor/random.ts';

/** How many of `n` throws succeed, each with probability `p`. */
export type BinomialDraw = (n: number, p: number) => number;

/** A named stream of draws with n up to `most`. */
export function binomialDraws(seed: number, purpose: string, most: number): BinomialDraw {
  const random = rng(seed, purpose);
  const logFactorial = new Float64Array(most + 1);
  for (let k = 1; k <= most; k++) logFactorial[k] = (logFactorial[k - 1] as number) + Math.log(k);
  const lf = (k: number): number => logFactorial[k] as number;

  return (n, p) => {
    if (n === 0 || p <= 0) return 0;
    if (p >= 1) return n;
    const odds = p / (1 - p);
    const mode = Math.min(n, Math.floor((n + 1) * p));
    const atMode = Math.exp(lf(n) - lf(mode) - lf(n - mode) + mode * Math.log(p) + (n - mode) * Math.log1p(-p));
    let rest = (random.bits() + random.bits() / 2 ** 32) / 2 ** 32 - atMode;
    let [low, high, below, above] = [mode, mode, atMode, atMode];
    while (rest > 0 && (low > 0 || high < n)) {
      if (low > 0) {
        below *= low / (n - low + 1) / odds;
        low--;
        rest -= below;
        if (rest <= 0) return low;
      }
      if (high < n) {
        above *= ((n - high) / (high + 1)) * odds;
        high++;
        rest -= above;
        if (rest <= 0) return high;
      }
      // What is left of the probability is rounding.
      if (below + above < Number.MIN_VALUE) break;
    }
    return mode;
  };
}
