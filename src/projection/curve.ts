/** The curve that UMAP's map is drawn by. */

/**
 * a and b of 1 / (1 + a d²ᵇ), nearest in squares to 1 below `minDist` and exp(minDist − d) above, at 300 distances from 0 to 3
 * (umap-learn's find_ab_params with spread 1); by Gauss and Newton with Marquardt's damping.
 */
export function fitCurve(minDist: number): { readonly a: number; readonly b: number } {
  const at = Array.from({ length: 300 }, (_, i) => (3 * i) / 299);
  const wanted = at.map((d) => (d < minDist ? 1 : Math.exp(minDist - d)));
  const value = (a: number, b: number, d: number): number => 1 / (1 + a * d ** (2 * b));
  const loss = (a: number, b: number): number =>
    at.reduce((sum, d, i) => sum + ((wanted[i] as number) - value(a, b, d)) ** 2, 0);
  let [a, b, damping] = [1, 1, 1e-3];
  for (let step = 0; step < 200; step++) {
    let [aa, ab, bb, ga, gb] = [0, 0, 0, 0, 0];
    for (const [i, d] of at.entries()) {
      if (d === 0) continue;
      const y = value(a, b, d);
      const da = -(y ** 2) * d ** (2 * b);
      const db = da * a * 2 * Math.log(d);
      const off = (wanted[i] as number) - y;
      aa += da * da;
      ab += da * db;
      bb += db * db;
      ga += da * off;
      gb += db * off;
    }
    const [daa, dbb] = [aa * (1 + damping), bb * (1 + damping)];
    const determinant = daa * dbb - ab * ab;
    const nextA = a + (dbb * ga - ab * gb) / determinant;
    const nextB = b + (daa * gb - ab * ga) / determinant;
    if (nextA > 0 && nextB > 0 && loss(nextA, nextB) <= loss(a, b)) {
      const still = Math.abs(nextA - a) + Math.abs(nextB - b) < 1e-12;
      [a, b, damping] = [nextA, nextB, damping / 4];
      if (still) break;
    } else {
      damping *= 4;
    }
  }
  return { a, b };
}
