/** Resizing a picture whose rows may come in blocks; `../resizer.ts` and `../plane-resizer.ts` lay out the memory. */
import { fourLines, mixLines, oneLine } from './lines';

/**
 * `rows` rows to `outRows` rows.
 * @param source where row -`firstRow` would be, `firstRow` rows having been left out of the first block
 * @param blockShift rows of a block, as a power of two; the next block is `blockStride` behind. Reading starts at a
 *   multiple of 4 rows of a block
 * @param groups outputs of a row in groups of 4 values; `advance` is the bytes from one group to the next in a line
 * @param lines room for `rows` and `2 * pairsDown` more rows of 16-bit values
 * @param down for each row of the output: the number of its first line, then a pair of weights for every two lines
 * @param length bytes of a row of the output; up to 15 more are written behind the last
 */
export function resize(
  source: usize,
  sourceStride: usize,
  firstRow: i32,
  blockShift: i32,
  blockStride: usize,
  rows: i32,
  across: usize,
  groups: i32,
  pairsAcross: i32,
  advance: usize,
  lines: usize,
  lineStride: usize,
  down: usize,
  outRows: i32,
  pairsDown: i32,
  out: usize,
  length: i32,
): void {
  const downEntry: usize = 4 + 4 * <usize>pairsDown;
  const inBlock = (1 << blockShift) - 1;
  let done = 0;
  for (let row = 0; row < outRows; row++) {
    const first = load<i32>(down);
    // Lines are made just before they are needed, so that they are still in the nearest cache.
    while (done < rows && done < first + 2 * pairsDown) {
      const at = done + firstRow;
      const s = source + <usize>(at >> blockShift) * blockStride + <usize>(at & inBlock) * sourceStride;
      const o = lines + <usize>done * lineStride;
      if (done + 4 <= rows) {
        fourLines(s, sourceStride, across, groups, pairsAcross, advance, o, lineStride);
        done += 4;
      } else {
        oneLine(s, across, groups, pairsAcross, advance, o);
        done++;
      }
    }
    mixLines(lines + <usize>first * lineStride, lineStride, down + 4, pairsDown, out, length);
    down += downEntry;
    out += <usize>length;
  }
}
