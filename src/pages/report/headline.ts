/** What a run came to: a top-1 with the protocol it was measured by and the videos it is over. */
import { countsText } from '../../eval/counts.ts';
import type { RunResults } from '../../results/index.ts';
import { html, type Markup, type Part } from '../markup.ts';
import { count, percent } from './numbers.ts';
import { shellWord } from './repeat.ts';
import { missing } from './section.ts';

export function headlineMarkup(results: RunResults): Markup {
  const { evaluation } = results;
  return html`${evaluation === undefined ? unmeasured(results) : measured(results, evaluation)}${unfinished(results)}`;
}

function measured(results: RunResults, evaluation: NonNullable<RunResults['evaluation']>): Markup {
  const { top1, top5, k, viewTop1, protocol, failed } = evaluation;
  const noun = protocol.frames === 1 ? 'image' : 'video';
  const views = protocol.views.segments * protocol.views.crops;
  return html`<dl class="figures">
${figure('Top-1', percent(top1), true)}${figure(`Top-${k}`, percent(top5))}${common(results)}
</dl>
<p class="protocol">${protocol.text}</p>
<p class="quiet">Over ${countsText(evaluation, noun)}.${views > 1 && ` Single views: ${percent(viewTop1)}.`}</p>
${
  failed.length > 0 &&
  html`<details><summary>${failed.length === 1 ? `One ${noun}` : `${count(failed.length)} ${noun}s`} could not be decoded</summary><ul class="failed">${failed
    .slice(0, MOST_FAILED)
    .map(({ id, reason }) => html`<li>${id}: ${reason}</li>`)}${
    failed.length > MOST_FAILED && html`<li>and ${count(failed.length - MOST_FAILED)} more, in predictions.jsonl</li>`
  }</ul></details>
`
}`;
}

const MOST_FAILED = 50;

function unmeasured(results: RunResults): Markup {
  const { metrics, recipe, folder } = results;
  const last = metrics.findLast(({ kind }) => kind === 'validation');
  const top1 = last?.top1;
  return html`<dl class="figures">
${typeof top1 === 'number' && figure('Top-1 in validation', percent(top1), true)}${typeof last?.top5 === 'number' && figure('Top-5', percent(last.top5))}${common(results)}
</dl>
${
  typeof top1 === 'number' &&
  html`<p class="protocol">${recipe.data.validationSplit} split, single view in the middle, after epoch ${last?.epoch ?? 0}</p>
${typeof last?.videos === 'number' && html`<p class="quiet">Over ${countsText(validationCounts(last))}.</p>`}
`
}${missing(
  'The run has not been evaluated: classes, confusion and videos are missing. Measure it by the protocol of its recipe, then make the report again:',
  `petl-video evaluate ${shellWord(folder)}`,
)}`;
}

function validationCounts(line: RunResults['metrics'][number]): Parameters<typeof countsText>[0] {
  const number = (fact: string): number => (typeof line[fact] === 'number' ? (line[fact] as number) : 0);
  const [counted, absent] = [number('videos'), number('missing')];
  return {
    ...{ listed: counted + absent, counted, missing: absent, unreadable: number('unreadable') },
    ...{ undecoded: number('undecoded'), damaged: number('damaged') },
  };
}

/** What is said of every run. */
function common({ recipe, parameters, metrics }: RunResults): Part {
  return [
    figure('Method', recipe.method.name),
    parameters !== undefined && figure('Trained parameters', count(parameters.trained)),
    figure('Epochs', `${epochsDone(metrics)} of ${recipe.train.epochs}`),
  ];
}

/** Whole ones. */
function epochsDone(metrics: RunResults['metrics']): number {
  return metrics.findLast(({ kind }) => kind === 'validation')?.epoch ?? Math.max(0, (metrics.at(-1)?.epoch ?? 1) - 1);
}

function unfinished({ metrics, recipe, folder }: RunResults): Part {
  if (metrics.length === 0) {
    return missing('Nothing has been logged yet. Go on with it:', `petl-video train --resume ${shellWord(folder)}`);
  }
  const done = epochsDone(metrics);
  return (
    done < recipe.train.epochs &&
    missing(
      `Training is under way or was interrupted after ${done} of ${recipe.train.epochs} epochs. If nothing trains it, go on with it:`,
      `petl-video train --resume ${shellWord(folder)}`,
    )
  );
}

function figure(title: string, value: string, main = false): Markup {
  return html`<div${main && html` class="main"`}><dt>${title}</dt><dd>${value}</dd></div>`;
}
