/** A sheet as a picture. */

import { type Canvas, type Color, canvas } from '../../drawing/canvas.ts';
import { drawText } from '../../drawing/text.ts';
import { resized } from '../../drawing/thumbnails.ts';
import { encodePng, type RgbPicture } from '../../formats/png.ts';
import { type Item, type Layout, layOut } from './layout.ts';
import type { Sheet } from './sheet.ts';

const GROUND: Color = [255, 255, 255];
const MARK: Color = [232, 89, 12];
/** How far what lies outside a marked window goes towards white. */
const PALE = 0.6;

export function paint({ width, height, items }: Layout): RgbPicture {
  const on = canvas(width, height, GROUND);
  for (const item of items) paintItem(on, item);
  return on;
}

function paintItem(on: Canvas, item: Item): void {
  switch (item.kind) {
    case 'text':
      drawText(on, item.text, item.x, item.baseline, item.style);
      break;
    case 'box':
      on.fill(item.at, item.fill);
      if (item.edge !== undefined) on.outline(item.at, 1, item.edge);
      break;
    case 'picture': {
      const { at, marked } = item;
      const picture = resized(item.picture, at);
      if (marked === undefined) {
        on.place(picture, at.x, at.y);
        break;
      }
      on.place({ ...picture, data: picture.data.map((value) => Math.round(value + PALE * (255 - value))) }, at.x, at.y);
      on.place(cut(picture, marked), at.x + marked.x, at.y + marked.y);
      on.outline({ ...marked, x: at.x + marked.x, y: at.y + marked.y }, 2, MARK);
    }
  }
}

function cut(
  from: RgbPicture,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): RgbPicture {
  const data = new Uint8Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    const start = 3 * ((y + row) * from.width + x);
    data.set(from.data.subarray(start, start + 3 * width), 3 * row * width);
  }
  return { data, width, height };
}

/** The sheet as the bytes of a PNG file. */
export function sheetPng(sheet: Sheet): Promise<Uint8Array> {
  return encodePng(paint(layOut(sheet)));
}
