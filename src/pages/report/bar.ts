/** A number in a table's cell with a bar of its share beside it. */
import { html, type Markup } from '../markup.ts';
import { percent } from './numbers.ts';

/** @param color 1-8, of a series */
export function shareCell(share: number, color = 1, digits = 2): Markup {
  return html`<td class="number share series-${color}" data-value="${share}"><span>${bar(share)}<b>${percent(share, digits)}</b></span></td>`;
}

export function bar(share: number): Markup {
  return html`<i class="bar" style="--share:${Number(Math.min(1, Math.max(0, share)).toFixed(4))}"></i>`;
}
