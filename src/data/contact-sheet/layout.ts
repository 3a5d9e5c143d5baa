/** Where everything of a contact sheet stands. Pixels; text is 12 pixels and more, for it is read at 100 %. */

import type { Color } from '../../drawing/canvas.ts';
import { elide, type TextStyle, textWidth, wrap } from '../../drawing/text.ts';
import { fittedSize, frameOf } from '../../drawing/thumbnails.ts';
import type { RgbPicture } from '../../formats/png.ts';
import type { Window } from '../../video/window.ts';
import type { Card, Fact, Sheet, Strip } from './sheet.ts';

export type Item =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly x: number;
      readonly baseline: number;
      readonly style: TextStyle;
    }
  /** A picture brought to the size of `at`, and the window of it that is marked. */
  | { readonly kind: 'picture'; readonly picture: RgbPicture; readonly at: Window; readonly marked?: Window }
  | { readonly kind: 'box'; readonly at: Window; readonly fill: Color; readonly edge?: Color };

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly items: readonly Item[];
}

const INK: Color = [26, 29, 33];
const GRAY: Color = [92, 101, 112];
const AMBER: Color = [138, 75, 0];
const RED: Color = [156, 22, 28];
const PALE_RED: Color = [253, 240, 240];
const EDGE_RED: Color = [236, 196, 198];
const RULE: Color = [226, 229, 234];

const HEADING: TextStyle = { size: 20, weight: 'semibold', color: INK };
const TITLE: TextStyle = { size: 15, weight: 'semibold', color: INK };
const VALUE: TextStyle = { size: 12, weight: 'regular', color: INK };
const NAME: TextStyle = { ...VALUE, color: GRAY };
const WARNING: TextStyle = { ...VALUE, color: AMBER };
const FAILURE: TextStyle = { ...VALUE, color: RED };

const MARGIN = 24;
/** The sheet is as wide as its cards: as many beside each other as fit, at least one. */
const CONTENT = 1180;
/** Sides of a frame: of clips of up to 4, up to 8 and more frames. */
const CELLS = [160, 144, 96] as const;
/** Frames in one line at most; a longer clip goes on below. */
const COLUMNS = 16;
const FRAME_GAP = 4;
const CARD_GAP = { across: 24, down: 32 } as const;
/** Below it an id has a line of its own. */
const WIDE = 600;
const LINE = 18;
/** Pixels from the top of a line to the baseline of 12 pixel text. */
const DROP = 13;
const STRIP_GAP = 10;
const NUMBERS = 17;
const FACT_GAP = 16;

export function layOut(sheet: Sheet): Layout {
  const columns = Math.max(1, Math.min(sheet.frames, COLUMNS));
  const most = CELLS[sheet.frames <= 4 ? 0 : sheet.frames <= 8 ? 1 : 2];
  const cell = fittedSize({ width: sheet.size, height: sheet.size }, { width: most, height: most }).width;
  const cardWidth = columns * cell + (columns - 1) * FRAME_GAP;
  const across = Math.max(1, Math.floor((CONTENT + CARD_GAP.across) / (cardWidth + CARD_GAP.across)));
  const content = across * cardWidth + (across - 1) * CARD_GAP.across;
  const width = content + 2 * MARGIN;

  const items: Item[] = [];
  items.push(text(elide(sheet.heading, content, HEADING), MARGIN, MARGIN + 20, HEADING));
  let y = MARGIN + 30;
  for (const line of sheet.notes.flatMap((note) => wrap(note, content, NAME))) {
    items.push(text(line, MARGIN, y + DROP, NAME));
    y += LINE;
  }
  for (let first = 0; first < sheet.cards.length; first += across) {
    items.push(box({ x: MARGIN, y: y + CARD_GAP.down / 2 - 1, width: content, height: 1 }, RULE));
    y += CARD_GAP.down;
    const heights = sheet.cards.slice(first, first + across).map((card, i) => {
      const laid = layOutCard(card, MARGIN + i * (cardWidth + CARD_GAP.across), y, cardWidth, cell);
      items.push(...laid.items);
      return laid.height;
    });
    y += Math.max(...heights);
  }
  return { width, height: y + MARGIN, items };
}

interface Laid {
  readonly items: readonly Item[];
  readonly height: number;
}

function layOutCard(card: Card, x: number, top: number, width: number, cell: number): Laid {
  const items: Item[] = [];
  let y = top;
  const add = ({ items: more, height }: Laid): void => {
    items.push(...more);
    y += height;
  };
  const addText = (): void => {
    add(layOutFacts(card.facts, x, y, width));
    for (const line of card.warnings.flatMap((warning) => wrap(warning, width, WARNING))) {
      items.push(text(line, x, y + DROP, WARNING));
      y += LINE;
    }
  };
  add(layOutTitle(card, x, y, width));
  // Beside others the frames come first, so that they stand in one line whatever there is to say of each.
  const narrow = width < WIDE;
  if (!narrow) addText();
  y += 4;
  if (card.failure !== undefined) add(layOutFailure(card.failure, x, y, width, cell));
  for (const [i, strip] of card.strips.entries()) {
    if (i > 0) y += STRIP_GAP;
    add(layOutStrip(strip, x, y, cell, width));
  }
  if (narrow) {
    y += 4;
    addText();
  }
  return { items, height: y - top };
}

/** The class and the id: in one line where there is room, else in two. */
function layOutTitle({ title, id }: Card, x: number, y: number, width: number): Laid {
  if (width < WIDE) {
    const lines = [
      text(elide(title, width, TITLE), x, y + 15, TITLE),
      text(elide(id, width, NAME), x, y + 20 + DROP, NAME),
    ];
    return { items: lines, height: 20 + LINE };
  }
  const shown = elide(title, Math.floor(0.6 * width), TITLE);
  const behind = textWidth(shown, TITLE) + 12;
  return {
    items: [text(shown, x, y + 15, TITLE), text(elide(id, width - behind, NAME), x + behind, y + 15, NAME)],
    height: 22,
  };
}

/** One behind the other; one that does not fit any more begins a line, and breaks between words where it is longer than that. */
function layOutFacts(facts: readonly Fact[], x: number, y: number, width: number): Laid {
  const items: Item[] = [];
  const space = textWidth(' ', VALUE);
  let [pen, line] = [0, 0];
  const write = (word: string, style: TextStyle, gap: number, needed: number): void => {
    if (pen > 0 && pen + gap + needed > width) [pen, line] = [0, line + 1];
    else if (pen > 0) pen += gap;
    const shown = elide(word, width - pen, style);
    items.push(text(shown, x + pen, y + line * LINE + DROP, style));
    pen += textWidth(shown, style);
  };
  for (const [name, value] of facts) {
    write(name, NAME, FACT_GAP, Math.min(width, textWidth(name, NAME) + space + textWidth(value, VALUE)));
    for (const word of value.split(' ')) write(word, VALUE, space, textWidth(word, VALUE));
  }
  return { items, height: facts.length === 0 ? 0 : (line + 1) * LINE };
}

function layOutFailure(failure: string, x: number, y: number, width: number, cell: number): Laid {
  const inset = 10;
  const room = Math.floor((cell - 2 * inset) / LINE);
  const lines = wrap(failure, width - 2 * inset, FAILURE, Math.max(1, room));
  const height = width < WIDE ? cell : lines.length * LINE + 2 * inset;
  return {
    items: [
      box({ x, y, width, height }, PALE_RED, EDGE_RED),
      ...lines.map((line, i) => text(line, x + inset, y + inset + i * LINE + DROP, FAILURE)),
    ],
    height,
  };
}

function layOutStrip(
  { caption, clip, numbers, window }: Strip,
  x: number,
  top: number,
  cell: number,
  width: number,
): Laid {
  const items: Item[] = [];
  let y = top;
  const said = caption === undefined ? [] : wrap(caption, width, NAME);
  for (const line of said) {
    items.push(text(line, x, y + DROP, NAME));
    y += LINE;
  }
  if (said.length > 0) y += 2;
  const size = fittedSize(clip, { width: cell, height: cell });
  const below = numbers === undefined ? 0 : NUMBERS;
  for (let i = 0; i < clip.frames; i++) {
    const at = {
      ...size,
      x: x + (i % COLUMNS) * (cell + FRAME_GAP),
      y: y + Math.floor(i / COLUMNS) * (size.height + FRAME_GAP + below),
    };
    const marked =
      window === undefined ? {} : { marked: scaled(window, size.width / clip.width, size.height / clip.height) };
    items.push({ kind: 'picture', picture: frameOf(clip, i), at, ...marked });
    if (numbers !== undefined) items.push(text(`${numbers[i]}`, at.x, at.y + size.height + 14, NAME));
  }
  const lines = Math.ceil(clip.frames / COLUMNS);
  return { items, height: y - top + lines * (size.height + below) + (lines - 1) * FRAME_GAP };
}

function scaled({ x, y, width, height }: Window, across: number, down: number): Window {
  const [left, top] = [Math.round(x * across), Math.round(y * down)];
  return {
    x: left,
    y: top,
    width: Math.max(1, Math.round((x + width) * across) - left),
    height: Math.max(1, Math.round((y + height) * down) - top),
  };
}

const text = (shown: string, x: number, baseline: number, style: TextStyle): Item => ({
  kind: 'text',
  text: shown,
  x,
  baseline,
  style,
});

const box = (at: Window, fill: Color, edge?: Color): Item =>
  edge === undefined ? { kind: 'box', at, fill } : { kind: 'box', at, fill, edge };
