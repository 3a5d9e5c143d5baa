/** HTML out of templates. Whatever is put into one is text and escaped, unless a template made it. */

export interface Markup {
  readonly html: string;
}

export type Part = Markup | string | number | false | undefined | readonly Part[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and in a quoted attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}

/** `` html`<td>${name}</td>` ``. Attributes that hold a part must be quoted. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { html: strings.reduce((text, string, i) => text + textOf(parts[i - 1]) + string) };
}

/** What is HTML already: a style sheet of ours, an SVG that a figure drew. Never foreign text. */
export function raw(trusted: string): Markup {
  return { html: trusted };
}

/** JSON that no script is run for, and that closes no element: read it with `readData` of the client. */
export function jsonData(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replaceAll('<', '\\u003c');
  return { html: `<script type="application/json" id="${escaped(id)}">${json}</script>` };
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return String(part);
  if ('html' in part) return part.html;
  return part.map(textOf).join('');
}
