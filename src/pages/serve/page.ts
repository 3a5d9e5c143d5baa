/** The page of `petl-video serve`: a video in, the clip as the model sees it and the classes out. */
import { html } from '../markup.ts';
import { document } from '../page.ts';
import type { AboutRun } from './about.ts';

export function servePage(about: AboutRun): string {
  return document({ title: `${about.name} · petl-video`, name: 'serve', served: true, body: html`<main></main>` });
}
