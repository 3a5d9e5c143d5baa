/**
 * A figure as SVG 1.1 that looks the same everywhere: text is outlines of the font, not text in whatever font is there. What the
 * font has no letters for (Chinese, say) stays text.
 */
import type { OutlineCommand } from '../drawing/coverage.ts';
import { glyphOf } from '../drawing/fonts.ts';
import {
  type BoxMark,
  colorOf,
  type DotsMark,
  type Figure,
  type LineMark,
  type Mark,
  type Paint,
  type TextMark,
} from './figure.ts';
import { isLettered, widthOf } from './measure.ts';

/** A document of its own; inside a page it may be put as it is, for it has no XML declaration and no ids. */
export function svgOf({ width, height, title, description, marks }: Figure): string {
  const [w, h] = [short(width), short(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(description)}</desc>`,
    `<rect width="${w}" height="${h}" fill="${hex('ground')}"/>`,
    ...marks.map(elementOf),
    '</svg>\n',
  ].join('\n');
}

function elementOf(mark: Mark): string {
  switch (mark.kind) {
    case 'text':
      return textElement(mark);
    case 'dots':
      return dotsElement(mark);
    case 'line':
      return lineElement(mark);
    case 'box':
      return boxElement(mark);
  }
}

function textElement(mark: TextMark): string {
  const { size, weight, paint, anchor = 'start', y } = mark;
  const text = printable(mark.text);
  if (!isLettered(text, mark)) {
    const boldness = weight === 'semibold' ? ' font-weight="600"' : '';
    return `<text x="${short(mark.x)}" y="${short(y)}" font-family="'IBM Plex Sans',sans-serif" font-size="${short(size)}"${boldness} text-anchor="${anchor}" fill="${hex(paint)}">${escaped(text)}</text>`;
  }
  let x = mark.x - { start: 0, middle: 0.5, end: 1 }[anchor] * widthOf(text, mark);
  const outlines: string[] = [];
  for (const character of text.normalize('NFC')) {
    const glyph = glyphOf(character, weight);
    if (glyph === undefined) continue;
    outlines.push(...glyph.outline(x, y, size).map(commandText));
    x += glyph.advance * size;
  }
  return `<path aria-label="${escaped(text)}" fill="${hex(paint)}" d="${outlines.join('')}"/>`;
}

function commandText(command: OutlineCommand): string {
  switch (command.type) {
    case 'M':
    case 'L':
      return `${command.type}${short(command.x)} ${short(command.y)}`;
    case 'Q':
      return `Q${[command.x1, command.y1, command.x, command.y].map(short).join(' ')}`;
    case 'C':
      return `C${[command.x1, command.y1, command.x2, command.y2, command.x, command.y].map(short).join(' ')}`;
    case 'Z':
      return 'Z';
  }
}

/**
 * Dots with a ring are circles. Others are one path of points under a round cap, a third of the size: for 100,000 dots that is
 * 1.3 MB instead of 4.
 */
function dotsElement({ at, radius, paint, opacity = 1, ring = 0 }: DotsMark): string {
  const faded = opacity < 1 ? `-opacity="${short(opacity)}"` : undefined;
  if (ring === 0) {
    let points = '';
    for (let i = 0; i + 1 < at.length; i += 2) points += `M${short(at[i] as number)} ${short(at[i + 1] as number)}h0`;
    return `<path fill="none" stroke="${hex(paint)}"${faded ? ` stroke${faded}` : ''} stroke-width="${short(2 * radius)}" stroke-linecap="round" d="${points}"/>`;
  }
  const r = short(radius + ring / 2);
  let circles = '';
  for (let i = 0; i + 1 < at.length; i += 2) {
    circles += `<circle cx="${short(at[i] as number)}" cy="${short(at[i + 1] as number)}" r="${r}"/>`;
  }
  return `<g fill="${hex(paint)}"${faded ? ` fill${faded}` : ''} stroke="${hex('ground')}" stroke-width="${short(ring)}">${circles}</g>`;
}

function lineElement({ through, width, paint }: LineMark): string {
  const points = Array.from(through, short).join(' ');
  return `<polyline fill="none" stroke="${hex(paint)}" stroke-width="${short(width)}" stroke-linecap="round" stroke-linejoin="round" points="${points}"/>`;
}

function boxElement({ x, y, width, height, fill, edge }: BoxMark): string {
  const inset = (edge?.width ?? 0) / 2;
  const [left, top, w, h] = [x + inset, y + inset, width - 2 * inset, height - 2 * inset].map(short);
  const stroke = edge === undefined ? '' : ` stroke="${hex(edge.paint)}" stroke-width="${short(edge.width)}"`;
  return `<rect x="${left}" y="${top}" width="${w}" height="${h}" fill="${fill === undefined ? 'none' : hex(fill)}"${stroke}/>`;
}

/** A hundredth of a unit is 1/9600 inch. */
const short = (value: number): string => String(Math.round(value * 100) / 100);

const hex = (paint: Paint): string =>
  `#${colorOf(paint)
    .map((part) => part.toString(16).padStart(2, '0'))
    .join('')}`;

/** Characters that XML cannot hold in any form, and halves of surrogate pairs. */
const UNPRINTABLE = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const printable = (text: string): string => text.replace(UNPRINTABLE, '\ufffd').replace(/[\t\n\r]/g, ' ');

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string =>
  printable(text).replace(/[&<>"]/g, (character) => ESCAPES[character] as string);
