/** The recipes of runs: as they are, and in what they differ. */
import type { RunResults } from '../../results/index.ts';
import { html, type Markup } from '../markup.ts';
import type { RunStyle } from './plot.ts';

type Values = ReadonlyMap<string, string>;

/** Keys that say where things are, not what the run is. */
const PLACES = ['name', 'run'];

/** The leaves of a recipe by dotted path. */
export function leavesOf(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Map([[path, typeof value === 'string' ? value : JSON.stringify(value)]]);
  }
  const below = Object.entries(value).map(([key, own]) => leavesOf(own, path === '' ? key : `${path}.${key}`));
  return new Map(below.flatMap((leaves) => [...leaves]));
}

/** Paths whose values are not the same in all recipes, in the order of the first that has them. */
export function differingPaths(recipes: readonly Values[]): string[] {
  const paths = new Set(recipes.flatMap((recipe) => [...recipe.keys()]));
  return [...paths].filter((path) => new Set(recipes.map((recipe) => recipe.get(path))).size > 1);
}

export function differencesMarkup(runs: readonly RunResults[], styles: readonly RunStyle[]): Markup {
  const recipes = runs.map(({ recipe }) => leavesOf(recipe));
  const paths = differingPaths(recipes).filter((path) => !PLACES.includes(path.split('.')[0] as string));
  if (paths.length === 0) return html`<p>All recipes are the same.</p>`;
  return html`<div class="scrolls" tabindex="0" role="region" aria-label="Differences of the recipes"><table>
<caption class="visually-hidden">Keys of the recipes that are not the same in all</caption>
<thead><tr><th scope="col">Key</th>${styles.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${paths.map(
    (path) =>
      html`<tr><th scope="row"><code>${path}</code></th>${recipes.map((recipe) => html`<td>${recipe.get(path) ?? '–'}</td>`)}</tr>
`,
  )}</tbody></table></div>
`;
}

/** The YAML of a run, the lines marked whose values others do not share. */
export function recipeMarkup({ recipeText }: RunResults, differing: readonly string[]): Markup {
  const marked = new Set(differing);
  const lines = linesOf(recipeText);
  const any = lines.some(({ path }) => marked.has(path));
  return html`${
    any &&
    html`<p class="quiet">Marked lines differ from other runs.</p>
`
  }<pre class="recipe">${sectionsOf(lines).map(
    (section) =>
      html`<span>${section.map(({ text, path }) => (marked.has(path) ? html`<mark>${text}</mark>\n` : html`${text}\n`))}</span>`,
  )}</pre>
`;
}

/** Lines that stand together: a key of the first level with what is below it. */
function sectionsOf(lines: readonly YamlLine[]): YamlLine[][] {
  const sections: YamlLine[][] = [];
  for (const line of lines) {
    const last = sections.at(-1);
    if (last === undefined || !/^[ -]/.test(line.text)) sections.push([line]);
    else last.push(line);
  }
  return sections;
}

interface YamlLine {
  readonly text: string;
  /** Dotted; items of a list have that of the list. */
  readonly path: string;
}

/** Lines of block YAML, as `toYaml` writes it, with the keys they stand below. */
function linesOf(yaml: string): YamlLine[] {
  const above: { indent: number; key: string }[] = [];
  return yaml
    .trimEnd()
    .split('\n')
    .map((text) => {
      const [, indent = '', key] = /^( *)([A-Za-z][\w-]*):/.exec(text) ?? [];
      if (key !== undefined) {
        while ((above.at(-1)?.indent ?? -1) >= indent.length) above.pop();
        above.push({ indent: indent.length, key });
      }
      return { text, path: above.map((one) => one.key).join('.') };
    });
}
