/** Fixed position tables, row-major float32. */

/**
 * VideoMAE's table [tokens, width]: a sinusoid over the flat token index p (time slowest, then row, then column);
 * angle p / 10000^(2⌊j/2⌋ / width), sine in even columns, cosine in odd ones. Computed in float64.
 * The table of fewer frames is the first rows of the table of more.
 */
export function sineCosineTable(tokens: number, width: number): Float32Array {
  const table = new Float32Array(tokens * width);
  for (let j = 0; j < width; j++) {
    const period = 10000 ** ((2 * Math.floor(j / 2)) / width);
    const wave = j % 2 === 0 ? Math.sin : Math.cos;
    for (let p = 0; p < tokens; p++) table[p * width + j] = wave(p / period);
  }
  return table;
}
