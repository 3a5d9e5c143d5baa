/** Videos that a run is most wrong, nearly right and most sure about, each a clip as the model sees it. */
import type { DecodedPrediction } from '../../results/index.ts';
import { html, type Markup } from '../markup.ts';
import { bar } from './bar.ts';
import { rightScore, type Scores } from './choose-videos.ts';
import type { RunReport } from './data.ts';
import { ordinal, percent, short } from './numbers.ts';
import type { PictureBook } from './picture-book.ts';

const SHOWN_CLASSES = 3;
/** Seconds that a frame stands. */
const FRAME_SECONDS = 0.15;

/** @param level of the heading above it */
export function videosMarkup(
  { results, videos }: RunReport,
  scores: Scores,
  book: PictureBook,
  level: 2 | 3,
): Markup | undefined {
  if (videos === undefined) return undefined;
  const { chosen, pictures, remark } = videos;
  const groups = [
    { title: 'Wrong, and sure of it', lines: chosen.worst },
    { title: 'Nearly right', lines: chosen.nearly },
    { title: 'Right, and sure of it', lines: chosen.best },
  ].filter(({ lines }) => lines.length > 0);
  if (groups.length === 0) return html`<p>No video could be decoded.</p>`;
  const moves = pictures.size > 0 && [...pictures.values()].some(({ frames }) => frames > 1);
  return html`<div class="videos-head"><p class="quiet">${
    scores === 'softmax'
      ? 'With the probability of each class.'
      : 'With the score of each class: the mean of its logits.'
  } ${pictures.size > 0 && 'Clips are one view as the model sees it.'} ${remark}</p>${
    moves && html`<button type="button" class="playing" data-playing hidden>Pause</button>`
  }</div>
${groups.map(
  ({ title, lines }) => html`${level === 2 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`}
<div class="videos">${lines.map((line) => card(line, results.classes, scores, pictures.get(line.id), book))}</div>
`,
)}`;
}

type Picture = Parameters<PictureBook['classOf']>[0];

function card(
  line: DecodedPrediction,
  classes: readonly string[],
  scores: Scores,
  clip: { readonly picture: Picture; readonly frames: number } | undefined,
  book: PictureBook,
): Markup {
  const { id, label, rank, top } = line;
  const shown = top.slice(0, SHOWN_CLASSES);
  const own = rightScore(line);
  const among = shown.some((scored) => scored.label === label);
  return html`<article class="video">
${
  clip &&
  html`<div class="strip" role="img" aria-label="${`${clip.frames} frames of ${id}`}"><div class="${book.classOf(clip.picture)}" style="--frames:${clip.frames};--seconds:${Number((clip.frames * FRAME_SECONDS).toFixed(2))}s"></div></div>
`
}<p class="id">${breakable(id)}</p>
<table><caption class="visually-hidden">What it was taken for; the right class is ${classes[label]}</caption>
<tbody>${shown.map((scored) => scoreRow(scored.class, scored.score, scored.label === label, scores))}${
    !among && own !== undefined && scoreRow(classes[label] as string, own, true, scores, ordinal(rank + 1))
  }${!among && own === undefined && html`<tr class="right"><th scope="row">${classes[label]}<span class="visually-hidden"> (right class)</span></th><td class="number">${ordinal(rank + 1)}</td></tr>`}</tbody></table>
</article>
`;
}

function scoreRow(name: string, score: number, right: boolean, scores: Scores, place?: string): Markup {
  const text = scores === 'softmax' ? percent(score, 1) : short(score, 3);
  const drawn = scores === 'softmax' && bar(score);
  return html`<tr${right && html` class="right"`}><th scope="row">${name}${right && html`<span class="visually-hidden"> (right class)</span>`}${
    place !== undefined && html` <span class="place">${place}</span>`
  }</th><td class="number share"><span>${drawn}<b>${text}</b></span></td></tr>
`;
}

/** An id may break behind what parts it. */
function breakable(id: string): Markup[] {
  return id.split(/(?<=[/_.-])/).map((part) => html`${part}<wbr>`);
}
