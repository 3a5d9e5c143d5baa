/**
 * A page that is one file: style, fonts, script and pictures are in it, and its content policy lets it ask no host for anything.
 * Scripts and style sheets are built from `client/` (see package.json, build:pages).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { html, type Markup, raw } from './markup.ts';

export interface Page {
  readonly title: string;
  /** The name of its script and style sheet in `client/`. */
  readonly name: 'report' | 'scatter' | 'serve';
  readonly body: Markup;
  /** May ask the server that it came from, and use the camera's stream. Default false: a page that is opened from a file. */
  readonly served?: boolean;
}

const WEIGHTS = [400, 600];
const require = createRequire(import.meta.url);

/** The whole document. */
export function document({ title, name, body, served = false }: Page): string {
  const script = built(`${name}.js`);
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${hash}'`,
    "style-src 'unsafe-inline'",
    `img-src data:${served ? ' blob:' : ''}`,
    'font-src data:',
    ...(served ? ["connect-src 'self'", 'media-src blob:'] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${raw(policy.replaceAll('"', '&quot;'))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${raw(fontFaces())}${raw(built('page.css'))}${raw(built(`${name}.css`))}</style>
</head>
<body>
${body}
<script>${raw(script)}</script>
</body>
</html>
`;
  return page.html;
}

/** A file of the folder that the build fills. */
function built(name: string): string {
  return readFileSync(new URL(`./client/${name}`, import.meta.url), 'utf8').trimEnd();
}

/** IBM Plex Sans, Latin; other scripts are set in what the reader's system has. */
function fontFaces(): string {
  const face = (weight: number): string => {
    const file = require.resolve(`@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-${weight}-normal.woff2`);
    const data = readFileSync(file).toString('base64');
    return `@font-face{font-family:"IBM Plex Sans";font-weight:${weight};src:url(data:font/woff2;base64,${data})}`;
  };
  return WEIGHTS.map(face).join('');
}
