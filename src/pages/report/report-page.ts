/**
 * The report of a run, or of several beside each other, as one file. Several are first compared as papers do; below it what
 * belongs to each stands by run, of which the script shows one at a time.
 */
import { html, type Markup, type Part } from '../markup.ts';
import { document } from '../page.ts';
import { classesMarkup, measuredRuns } from './classes.ts';
import { comparisonMarkup } from './comparison.ts';
import { confusionMarkup } from './confusion.ts';
import { curvesMarkup } from './curves.ts';
import type { ReportData, RunReport } from './data.ts';
import { dateText, environmentMarkup } from './environment.ts';
import { headlineMarkup } from './headline.ts';
import { parametersMarkup } from './parameters.ts';
import { type PictureBook, pictureBook } from './picture-book.ts';
import type { RunStyle } from './plot.ts';
import { differencesMarkup, differingPaths, leavesOf, recipeMarkup } from './recipe.ts';
import { repeatMarkup } from './repeat.ts';
import { contents, missing, type Section, sectionMarkup } from './section.ts';
import { videosMarkup } from './videos.ts';

/** That all lists of videos of a page's confusion matrices may take together. */
const LIST_BYTES = 1_000_000;
const COLORS = 8;

export function reportPage(data: ReportData): string {
  const [first] = data.runs;
  if (first === undefined) throw new RangeError('a report of no run');
  const book = pictureBook();
  const alone = data.runs.length === 1;
  const body = alone ? onePage(first, book) : severalPage(data, book);
  const title = alone ? first.name : `${data.runs.length} runs`;
  return document({
    title: `${title} · petl-video report`,
    name: 'report',
    body: html`${book.styles()}<main>
${body}</main>
<footer class="quiet"><p>Made by petl-video ${data.version}, ${dateText(data.made)}.</p></footer>`,
  });
}

function onePage(report: RunReport, book: PictureBook): Markup {
  const { results } = report;
  const styles = [{ name: report.name, color: 1, dash: 0 }];
  const measured = measuredRuns([results]);
  const sections: Section[] = [
    { id: 'training', title: 'Training', body: trainingBody([report], styles) },
    ...(measured.length === 0 ? [] : [{ id: 'classes', title: 'Classes', body: classesMarkup(measured, styles) }]),
    ...runSections(report, 0, { book, differing: [], bytes: LIST_BYTES, level: 2 }),
  ];
  return html`<header class="head">
<p class="quiet">${eyebrow(results)}</p>
<h1>${report.name}</h1>
${headlineMarkup(results)}</header>
${contents(sections)}
${sections.map((section) => sectionMarkup(section, 2))}`;
}

function severalPage({ runs, comparison }: ReportData, book: PictureBook): Markup {
  const rowOf = runs.map(
    ({ results }) => comparison?.rows.findIndex((row) => row.folders.includes(results.folder)) ?? -1,
  );
  const styles = stylesOf(runs, rowOf);
  const all = runs.map(({ results }) => results);
  const measured = measuredRuns(all);
  const sameClasses = new Set(measured.map(({ results }) => results.classes.join('\n'))).size === 1;
  const differing = differingPaths(all.map(({ recipe }) => leavesOf(recipe)));
  const options = { book, differing, bytes: LIST_BYTES / runs.length, level: 3 } as const;
  const sections: Section[] = [
    ...(comparison === undefined
      ? []
      : [
          {
            id: 'comparison',
            title: 'Comparison',
            body: comparisonMarkup(
              comparison,
              comparison.rows.map((_, row) => styles[rowOf.indexOf(row)]?.color ?? 1),
            ),
          },
        ]),
    { id: 'differences', title: 'What differs', body: differencesMarkup(all, styles) },
    { id: 'training', title: 'Training', body: trainingBody(runs, styles) },
    ...(measured.length === 0
      ? []
      : [
          {
            id: 'classes',
            title: 'Classes',
            body: sameClasses
              ? classesMarkup(measured, styles)
              : missing('The runs do not know the same classes: make a report of each for the table of its classes.'),
          },
        ]),
    {
      id: 'runs',
      title: 'Run by run',
      body: html`<div data-panels>
<fieldset class="picker" data-picker hidden><legend class="visually-hidden">Run</legend>${styles.map(
        ({ name }, i) =>
          html`<label><input type="radio" name="run" value="${i}"${i === 0 && html` checked`}><span>${name}</span></label>`,
      )}</fieldset>
${runs.map(
  (report, i) => html`<div class="panel" data-panel="${i}">
<h3 class="run-name">${report.name}</h3>
${headlineMarkup(report.results)}
${runSections(report, i, options).map((section) => sectionMarkup(section, 3))}</div>
`,
)}</div>`,
    },
  ];
  const datasets = [...new Set((measured.length > 0 ? measured.map(({ results }) => results) : all).map(eyebrow))];
  return html`<header class="head">
<p class="quiet">${datasets.join('; ')}</p>
<h1>${runs.length} runs compared</h1>
</header>
${contents(sections)}
${sections.map((section) => sectionMarkup(section, 2))}`;
}

/** What is said of a run alone. */
function runSections(
  report: RunReport,
  run: number,
  {
    book,
    differing,
    bytes,
    level,
  }: {
    readonly book: PictureBook;
    readonly differing: readonly string[];
    readonly bytes: number;
    readonly level: 2 | 3;
  },
): Section[] {
  const { results } = report;
  const scores = results.evaluation?.protocol.fusion ?? 'softmax';
  const candidates: readonly (readonly [id: string, title: string, body: Part])[] = [
    ['confusion', 'Confusion', results.predictions && confusionMarkup(results, { run, bytes })],
    ['videos', 'Videos', videosMarkup(report, scores, book, level)],
    ['first-batch', 'First batch', firstBatchBody(report, book)],
    ['parameters', 'Parameters', parametersMarkup(results)],
    ['recipe', 'Recipe', recipeMarkup(results, differing)],
    ['environment', 'Environment', environmentMarkup(results)],
    ['again', 'Do it again', repeatMarkup(results)],
  ];
  const suffix = level === 2 ? '' : `-${run}`;
  return candidates.flatMap(([id, title, body]) => (body === undefined ? [] : [{ id: `${id}${suffix}`, title, body }]));
}

function trainingBody(runs: readonly RunReport[], styles: readonly RunStyle[]): Part {
  const logged = runs.some(({ results }) => results.metrics.length > 0);
  return logged ? curvesMarkup(runs, styles) : missing('Nothing has been logged yet.');
}

function firstBatchBody({ firstBatch, results }: RunReport, book: PictureBook): Part {
  if (firstBatch === undefined) return undefined;
  if ('leftOut' in firstBatch) return missing(firstBatch.leftOut);
  const { width, height } = firstBatch;
  return html`<p>Clips of the first batch, as the model got them.</p>
<div class="scrolls sheet" tabindex="0" role="region" aria-label="First batch"><div class="${book.classOf(firstBatch)}" role="img" aria-label="${`Contact sheet of the first batch of ${results.name}`}" style="aspect-ratio:${width}/${height};width:${width}px"></div></div>
`;
}

/** `tennis · 7 classes`: what was looked at. */
function eyebrow({ evaluation, recipe, classes }: RunReport['results']): string {
  const place = recipe.data.path.split(/[/\\]/).filter((part) => part !== '');
  const dataset =
    evaluation === undefined ? (place.at(-1) ?? '') : `${evaluation.protocol.dataset} ${evaluation.protocol.split}`;
  return classes.length === 0 ? dataset : `${dataset} · ${classes.length} classes`;
}

/** Runs of a row of the comparison have its color, and lines of their own within it. @param rowOf each; -1 for none */
function stylesOf(runs: readonly RunReport[], rowOf: readonly number[]): RunStyle[] {
  return runs.map(({ name }, run) => {
    const row = rowOf[run] as number;
    const color = row < 0 ? run : row;
    const within = row < 0 ? 0 : rowOf.slice(0, run).filter((other) => other === row).length;
    return { name, color: (color % COLORS) + 1, dash: (within + Math.floor(color / COLORS)) % 4 };
  });
}
