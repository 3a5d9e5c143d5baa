/**
 * The page of the t-SNE panels: the same picture as `panelsFigure` draws, where a video is shown in all panels at once with its
 * thumbnail and what each run said of it.
 */
import { sameClassNeighbours } from '../../figures/neighbours.ts';
import { MOST_NAMED } from '../../figures/panels.ts';
import { html, jsonData, type Markup } from '../markup.ts';
import { document } from '../page.ts';
import { carried } from './carry.ts';
import type { ScatterOptions, ScatterPanel } from './options.ts';

export function scatterPage(options: ScatterOptions): string {
  const { title, heading, panels, ids, footnote, noun = 'video', named = MOST_NAMED, colorAll = false } = options;
  const judged = panels.some(({ predictions }) => predictions !== undefined);
  const body = html`<main>
<header class="scatter-head">
<h1>${heading}</h1>
${footnote !== undefined && html`<p class="quiet">${footnote}</p>`}
</header>
<div class="controls">
<label for="search">Find ${noun === 'video' ? 'a video' : 'an image'}</label>
<input type="search" id="search" autocomplete="off" spellcheck="false" placeholder="part of its id">
${judged && html`<button type="button" id="only-wrong" aria-pressed="false">Only wrong ones</button>`}
<output id="count" for="search">${ids.length.toLocaleString('en')} ${noun}s</output>
</div>
<div class="layout" data-count="${panels.length}">
<div class="panels">
${panels.map(panelMarkup)}
</div>
<div class="side">
<section class="card" id="card" aria-labelledby="card-title">
<h2 class="visually-hidden" id="card-title">Chosen ${noun}</h2>
<p class="hint quiet">Point at a dot to see its ${noun} in all panels; click to keep it. Keys in a panel: arrows step from dot to dot, + and − zoom, 0 shows all, Esc lets go.</p>
</section>
<section class="legend" aria-labelledby="legend-title">
<div class="legend-head"><h2 id="legend-title">Classes</h2><button type="button" class="plain" id="all-classes" hidden>Show all</button></div>
<ul class="entries" id="legend"></ul>
</section>
</div>
</div>
<p class="visually-hidden" id="spoken" role="status"></p>
${topTable(options)}
</main>
${jsonData('scatter', carried({ ...options, noun, named, colorAll }))}`;
  return document({ title, name: 'scatter', body });
}

function panelMarkup({ title, subtitle, note }: ScatterPanel, i: number): Markup {
  const label = [`${title}: ${subtitle}`, note, 'Arrow keys step from dot to dot.'].filter(
    (part) => part !== undefined,
  );
  return html`<figure class="panel">
<figcaption><h2>${title}</h2><p>${subtitle}</p>${note !== undefined && html`<p class="quiet">${note}</p>`}</figcaption>
<div class="stage" id="stage-${i}" tabindex="0" role="application" aria-roledescription="scatter plot" aria-label="${label.join('. ')}"><canvas></canvas><canvas></canvas></div>
<div class="zoom" role="group" aria-label="Zoom of ${title}"><button type="button" data-zoom="in" aria-label="Zoom in">+</button><button type="button" data-zoom="out" aria-label="Zoom out">−</button><button type="button" data-zoom="all" disabled>Reset</button></div>
</figure>`;
}

/** What the picture says, for who does not see it. */
function topTable({ panels, ids, labels, noun = 'video' }: ScatterOptions): Markup {
  const noted = panels.some(({ note }) => note !== undefined);
  const neighbours = panels.map(({ points }) => sameClassNeighbours(points, labels));
  const shares = neighbours.map((share) => (share === undefined ? '' : `${(100 * share).toFixed(2)} %`));
  return html`<section class="numbers">
<h2>In numbers</h2>
<div class="scrolls" tabindex="0" role="region" aria-label="Panels in numbers">
<table>
<caption>${ids.length.toLocaleString('en')} ${noun}s. In a picture that keeps classes together, most dots have one of their own class next to them.</caption>
<thead><tr><th scope="col">Run</th><th scope="col">Result</th>${noted && html`<th scope="col">Protocol</th>`}<th scope="col" class="number">Nearest dot is of the same class</th></tr></thead>
<tbody>${panels.map(
    ({ title, subtitle, note }, i) =>
      html`<tr><th scope="row">${title}</th><td>${subtitle}</td>${noted && html`<td>${note ?? ''}</td>`}<td class="number">${shares[i]}</td></tr>`,
  )}</tbody>
</table>
</div>
</section>`;
}
