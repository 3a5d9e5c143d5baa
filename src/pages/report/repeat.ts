/** The commands that make a run and its numbers again. */
import path from 'node:path';
import type { RunResults } from '../../results/index.ts';
import { html, type Markup } from '../markup.ts';

export function repeatMarkup({ folder, evaluation, recipe }: RunResults): Markup {
  const again = `${folder.replace(/[/\\]+$/, '')}-again`;
  const { segments, crops } = evaluation?.protocol.views ?? recipe.eval;
  const split = evaluation?.protocol.split;
  const which = evaluation?.protocol.weights.split(' ')[0];
  const options = [
    `--views ${segments}x${crops}`,
    split !== undefined && split !== recipe.data.validationSplit && `--split ${split}`,
    which === 'best' && '--weights best',
  ].filter((option) => option !== false);
  const commands = [
    `petl-video train ${shellWord(path.join(folder, 'config.yaml'))} --out ${shellWord(again)}`,
    `petl-video evaluate ${shellWord(again)} ${options.join(' ')}`,
    `petl-video report ${shellWord(folder)} ${shellWord(again)}`,
  ];
  return html`<p>The recipe in the run’s folder is resolved: it says all that the run depends on, but for the data and the weights it starts from.</p>
<pre class="commands">${commands.map((command) => html`<span>${command}\n</span>`)}</pre>
`;
}

/** One word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
