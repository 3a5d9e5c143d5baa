/** A thread's share of the products of all columns with each other; see `pca.ts`. */
import type { Kernels, Places } from './kernels.ts';
import { BLOCK } from './rounded.ts';
import type { Team } from './team.ts';

export interface GramJob {
  readonly kind: 'gram';
  /** Columns, filled up to whole blocks. */
  readonly columns: number;
  readonly panels: number;
  readonly places: Places<'panels' | 'sums' | 'tiles'>;
}

/** Rows in a panel: sums of so many are taken in float32, those of panels in float64. */
export const PANEL = 128;

/** `panels` float32 [panels, columns, PANEL] → lower blocks of `sums` float64 [columns, columns]. */
export function sumProducts(kernels: Kernels, memory: SharedArrayBuffer, team: Team, job: GramJob): void {
  const { columns, panels, places } = job;
  const blocks = columns / BLOCK;
  const sums = new Float64Array(memory, places.sums, columns * columns);
  const tile = places.tiles + team.thread * BLOCK * BLOCK * 4;
  const products = new Float32Array(memory, tile, BLOCK * BLOCK);
  const at = (panel: number, column: number): number => places.panels + (panel * columns + column) * PANEL * 4;
  for (let taken = team.take(blocks); taken >= 0; taken = team.take(blocks)) {
    const row = (blocks - 1 - taken) * BLOCK;
    for (let panel = 0; panel < panels; panel++) {
      for (let column = 0; column <= row; column += BLOCK) {
        kernels.dots(at(panel, row), BLOCK, at(panel, column), BLOCK, PANEL * 4, tile);
        for (let i = 0; i < BLOCK; i++) {
          const line = (row + i) * columns + column;
          for (let j = 0; j < BLOCK; j++) {
            sums[line + j] = (sums[line + j] as number) + (products[i * BLOCK + j] as number);
          }
        }
      }
    }
  }
}
