/** Where and with what a run was trained. */
import type { RunResults } from '../../results/index.ts';
import { html, type Markup } from '../markup.ts';
import { count } from './numbers.ts';
import { missing } from './section.ts';

type Session = NonNullable<RunResults['environment']>['sessions'][number];

const GIB = 2 ** 30;

const FACTS: readonly (readonly [title: string, text: (session: Session) => string | undefined])[] = [
  ['Started', ({ time }) => dateText(time)],
  ['At update', ({ update }) => count(update)],
  ['Engine', ({ engine }) => engine],
  ['Precision', ({ precision }) => precision],
  ['Decoder', ({ decoder }) => decoder],
  ['ffmpeg', ({ ffmpeg }) => ffmpeg],
  ['petl-video', ({ version }) => version],
  ['Node', ({ node }) => node],
  ['System', ({ system }) => system],
  ['Processor', ({ processor, cores }) => (processor === undefined ? undefined : `${processor}, ${cores} cores`)],
  ['Memory', ({ memoryBytes }) => (memoryBytes === undefined ? undefined : `${(memoryBytes / GIB).toFixed(1)} GiB`)],
];

export function environmentMarkup({ environment, folder }: RunResults): Markup {
  if (environment === undefined || environment.sessions.length === 0) {
    return missing(
      `${folder} has no environment.json: it was trained by an earlier version, which did not note its environment.`,
    );
  }
  const { sessions } = environment;
  const facts = FACTS.filter(([, text]) => sessions.some((session) => text(session) !== undefined));
  return html`<div class="scrolls" tabindex="0" role="region" aria-label="Environment"><table>
<caption${sessions.length === 1 && html` class="visually-hidden"`}>${sessions.length === 1 ? 'Environment of the training' : 'A column for each time that it was started or resumed'}</caption>
<tbody>${facts.map(
    ([title, text]) =>
      html`<tr><th scope="row">${title}</th>${sessions.map((session) => html`<td>${text(session) ?? '–'}</td>`)}</tr>
`,
  )}</tbody></table></div>
`;
}

/** `2026-03-01 12:30 UTC`; as it is where it is no time. */
export function dateText(time: string | Date): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
