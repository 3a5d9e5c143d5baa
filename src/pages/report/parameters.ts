/** What of a run is trained, by part. */
import type { RunResults } from '../../results/index.ts';
import { html, type Markup } from '../markup.ts';
import { shareCell } from './bar.ts';
import { count, percent } from './numbers.ts';

export function parametersMarkup({ parameters }: RunResults): Markup | undefined {
  if (parameters === undefined) return undefined;
  const { parts, trained, total, withoutHead, backbone, share } = parameters;
  return html`<p>${
    withoutHead === 0
      ? `Nothing but the head is trained; the backbone has ${count(backbone)} parameters.`
      : `${count(withoutHead)} trained outside the head, ${percent(share)} of the backbone’s ${count(backbone)}.`
  }</p>
<div class="scrolls" tabindex="0" role="region" aria-label="Trained parameters"><table>
<caption class="visually-hidden">Trained parameters by part</caption>
<thead><tr><th scope="col">Part</th><th scope="col" class="number">Parameters</th><th scope="col" class="number">Of the trained</th></tr></thead>
<tbody>${parts.map(
    ({ part, count: own }) =>
      html`<tr><th scope="row">${part}</th><td class="number">${count(own)}</td>${shareCell(own / trained)}</tr>
`,
  )}</tbody>
<tfoot><tr><th scope="row">Trained</th><td class="number">${count(trained)}</td><td></td></tr><tr><th scope="row">Trained and frozen</th><td class="number">${count(total)}</td><td></td></tr></tfoot></table></div>
`;
}
