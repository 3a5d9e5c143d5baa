/**
 * Which classes are taken for which: a matrix of K rows (the right class) and K columns (what it was taken for), shaded by the
 * share of the row, and the pairs that are confused most. `client/report/confusion.ts` reads cells out and lists their videos.
 */
import { type Confusion, confusedPairs, confusionOf, countAt, type RunResults, videosOf } from '../../results/index.ts';
import { html, jsonData, type Markup, raw } from '../markup.ts';
import { shareCell } from './bar.ts';
import { cellVideos } from './cell-videos.ts';
import { count, percent } from './numbers.ts';

/** Shades, by the square root of the share: single videos of a row of a hundred are still seen. */
const SHADES = 16;
const LEGEND = [0.01, 0.05, 0.25, 0.5, 1];
/** Up to so many classes a cell has its count in it; up to so many classes have their names beside the matrix. */
const MOST_WITH_COUNTS = 24;
const MOST_WITH_NAMES = 52;
const SHOWN_PAIRS = 10;
/** Of a name beside the matrix. */
const NAME_LENGTH = 22;

export interface ConfusionOptions {
  /** Makes ids of the page unique. */
  readonly run: number;
  /** That the ids of videos may take in the page. */
  readonly bytes: number;
}

export function confusionMarkup(results: RunResults, { run, bytes }: ConfusionOptions): Markup {
  const { classes, predictions = [], evaluation } = results;
  const confusion = confusionOf(predictions, classes.length);
  const failed = predictions.some((line) => 'failure' in line);
  const scores = evaluation?.protocol.fusion ?? 'softmax';
  const cells = cellVideos(predictions, classes.length, bytes);
  const share = scores === 'softmax' ? 'with its probability' : 'with its score';
  const videos = `Choose a cell to list its videos, each ${share}${cells.complete ? '' : `; of larger cells the ${cells.most} surest`}.`;
  return html`<div class="confusion${classes.length > MOST_WITH_COUNTS && ' strong'}" data-confusion="${run}">
<div class="scrolls matrix-box">${matrix(confusion, classes, failed)}</div>
<div class="cell">
${shadeLegend()}
<div class="reading" data-reading aria-live="polite"><p class="quiet">Rows are the right class, columns what it was taken for. ${videos}</p></div>
</div>
</div>
${pairsTable(confusion, classes)}
${jsonData(`confusion-data-${run}`, { classes, failed, scores, cells: cells.cells, rows: classes.map((_, truth) => videosOf(confusion, truth)) })}`;
}

function matrix(confusion: Confusion, classes: readonly string[], failed: boolean): Markup {
  const k = classes.length;
  const columns = failed ? k + 1 : k;
  const named = k <= MOST_WITH_NAMES;
  const side = cellSide(k);
  const label = `Confusion matrix of ${k} classes: ${summary(confusion, classes)}`;
  const svg = html`<svg class="${k <= MOST_WITH_COUNTS ? 'cells counted' : 'cells'}" viewBox="0 0 ${columns} ${k}" width="${columns * side}" height="${k * side}" role="img" aria-label="${label}" data-matrix>
<path class="ground" d="M0 0h${k}v${k}h${-k}z${failed && `M${k} 0h1v${k}h-1z`}"/>
${shadedCells(confusion, columns)}${k > 1 && k <= MOST_WITH_NAMES && html`<path class="rules" d="${raw(rules(k, columns))}"/>`}
${k <= MOST_WITH_COUNTS && cellCounts(confusion, columns)}<rect class="at" width="1" height="1" data-at hidden/></svg>`;
  if (!named) return html`<div class="matrix unnamed" style="--side:${side}px">${svg}</div>`;
  const names = failed ? [...classes, 'not decoded'] : classes;
  return html`<div class="matrix" style="--side:${k <= FEW ? `min(${side}px, (100vw - 9.5rem) / ${columns})` : `${side}px`};--columns:${columns};--rows:${k};--count:${k <= FEW ? 0.32 : 0.4}px">
<div class="columns" aria-hidden="true">${names.map((name, i) => html`<span data-column="${i}"><b>${shortName(name)}</b></span>`)}</div>
<div class="rows" aria-hidden="true">${classes.map((name, i) => html`<span data-row="${i}">${shortName(name)}</span>`)}</div>
${svg}
</div>`;
}

/** So few cells that they may be smaller on a narrow screen. */
const FEW = 12;

/** CSS pixels for the columns of a matrix with names. */
const ROOM_BESIDE_NAMES = 640;

/** CSS pixels of a cell: as large as a page has room for. */
function cellSide(k: number): number {
  if (k <= 8) return 56;
  if (k <= 12) return 44;
  if (k <= MOST_WITH_COUNTS) return 30;
  if (k <= MOST_WITH_NAMES) return Math.min(22, Math.floor(ROOM_BESIDE_NAMES / (k + 1)));
  return Math.max(1.6, Math.floor(6960 / k) / 10);
}

/** One path to a shade: a page of 400 classes has thousands of cells that are not empty. */
function shadedCells(confusion: Confusion, columns: number): Markup[] {
  const paths = new Map<number, string>();
  for (let truth = 0; truth < confusion.classes; truth++) {
    const videos = videosOf(confusion, truth);
    for (let predicted = 0; predicted < columns; predicted++) {
      const cell = countAt(confusion, truth, predicted);
      if (cell === 0) continue;
      const shade = shadeOf(cell / videos);
      paths.set(shade, `${paths.get(shade) ?? ''}M${predicted} ${truth}h1v1h-1z`);
    }
  }
  return [...paths]
    .sort(([a], [b]) => a - b)
    .map(([shade, path]) => html`<path class="shade" style="--shade:${shade / SHADES}" d="${raw(path)}"/>`);
}

function shadeOf(share: number): number {
  return Math.max(1, Math.round(SHADES * Math.sqrt(share)));
}

function cellCounts(confusion: Confusion, columns: number): Markup[] {
  const texts: Markup[] = [];
  for (let truth = 0; truth < confusion.classes; truth++) {
    for (let predicted = 0; predicted < columns; predicted++) {
      const cell = countAt(confusion, truth, predicted);
      if (cell > 0) texts.push(html`<text x="${predicted + 0.5}" y="${truth + 0.5}">${cell}</text>`);
    }
  }
  return texts;
}

function rules(k: number, columns: number): string {
  const lines = Array.from({ length: k - 1 }, (_, i) => `M0 ${i + 1}h${columns}`);
  const uprights = Array.from({ length: columns - 1 }, (_, i) => `M${i + 1} 0v${k}`);
  return [...lines, ...uprights].join('');
}

function shadeLegend(): Markup {
  return html`<p class="shades quiet"><span>Share of the row</span>${LEGEND.map(
    (share) =>
      html`<span class="shade-step"><i style="--shade:${shadeOf(share) / SHADES}"></i>${percent(share, 0)}</span>`,
  )}</p>`;
}

function summary(confusion: Confusion, classes: readonly string[]): string {
  const pairs = confusedPairs(confusion, 3).map(
    ({ truth, predicted, count: videos }) =>
      `${classes[truth]} taken for ${classes[predicted]}, ${videos === 1 ? 'once' : `${videos} times`}`,
  );
  return pairs.length === 0 ? 'no class is taken for another' : `most often ${pairs.join('; ')}`;
}

function pairsTable(confusion: Confusion, classes: readonly string[]): Markup {
  const pairs = confusedPairs(confusion, SHOWN_PAIRS);
  if (pairs.length === 0) return html`<p>No class is taken for another.</p>`;
  return html`<div class="scrolls" tabindex="0" role="region" aria-label="Most confused pairs"><table class="pairs">
<caption>The pairs that are confused most</caption>
<thead><tr><th scope="col">Right class</th><th scope="col">Taken for</th><th scope="col" class="number">Videos</th><th scope="col" class="number">Of the class</th></tr></thead>
<tbody>${pairs.map(
    ({ truth, predicted, count: videos, share }) =>
      html`<tr><td>${classes[truth]}</td><td>${classes[predicted]}</td><td class="number">${count(videos)}</td>${shareCell(share)}</tr>
`,
  )}</tbody></table></div>
`;
}

function shortName(name: string): string {
  const characters = [...name];
  return characters.length <= NAME_LENGTH ? name : `${characters.slice(0, NAME_LENGTH - 1).join('')}…`;
}
