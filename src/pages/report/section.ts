/** Parts of a page with their headings. */
import { html, type Markup, type Part } from '../markup.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Part;
}

/** @param level of the heading */
export function sectionMarkup({ id, title, body }: Section, level: 2 | 3): Markup {
  const heading = level === 2 ? html`<h2>${title}</h2>` : html`<h3>${title}</h3>`;
  return html`<section id="${id}">${heading}
${body}</section>
`;
}

export function contents(sections: readonly Section[]): Markup {
  const items = sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`);
  return html`<nav class="contents" aria-label="Contents"><ul>${items}</ul></nav>
`;
}

/** What is missing, and the command that makes it. */
export function missing(what: string, command?: string): Markup {
  return html`<p class="missing">${what}${command === undefined ? undefined : html` <code>${command}</code>`}</p>
`;
}
