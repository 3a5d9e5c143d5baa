/** From scores to ranks. Ties are broken against the right class, so a constant classifier gets no credit. */

/** 0-based rank of `label` among the scores: the number of other classes that score at least as high. */
export function rankOf(scores: ArrayLike<number>, label: number): number {
  const own = scores[label] as number;
  if (Number.isNaN(own)) return scores.length - 1;
  let rank = 0;
  for (let k = 0; k < scores.length; k++) if (k !== label && !((scores[k] as number) < own)) rank++;
  return rank;
}

/** The `count` best classes, best first, equal ones by index. */
export function topClasses(scores: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: scores.length }, (_, k) => k);
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  return order.slice(0, count);
}

/** Probabilities of one row of logits, in float64. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const largest = Math.max(...Array.from(logits));
  const exponentials = Float64Array.from(logits, (z) => Math.exp(z - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((e) => e / sum);
}

export type Fusion = 'logits' | 'softmax';

/** The scores of a video from its views: the mean of their logits (AdaptFormer) or of their probabilities (VideoMAE). */
export function fuseViews(views: readonly ArrayLike<number>[], fusion: Fusion): Float64Array {
  const rows = views.map((view) => (fusion === 'softmax' ? softmax(view) : Float64Array.from(view)));
  const classes = (rows[0] as Float64Array).length;
  return Float64Array.from(
    { length: classes },
    (_, k) => rows.reduce((sum, row) => sum + (row[k] as number), 0) / rows.length,
  );
}
