/** Frames at the size of a cell. */
import type { RgbPicture } from '../formats/png.ts';
import type { Frames, Size } from '../video/window.ts';

/** The frame `index` of a clip, as a picture; not a copy. */
export function frameOf({ data, width, height }: Frames, index: number): RgbPicture {
  const bytes = width * height * 3;
  return { data: data.subarray(index * bytes, (index + 1) * bytes), width, height };
}

/**
 * The size of a picture that fills a cell without leaving it: made smaller in proportion, or larger by a whole factor, which
 * shows pixels as they are.
 */
export function fittedSize({ width, height }: Size, cell: Size): Size {
  const factor = Math.min(cell.width / width, cell.height / height);
  if (factor >= 1) return { width: width * Math.floor(factor), height: height * Math.floor(factor) };
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/**
 * The picture at another size: mean over the area that a pixel covers. Rows first, whole lines at a time, which leaves little
 * for the columns.
 */
export function resized(picture: RgbPicture, { width, height }: Size): RgbPicture {
  if (width === picture.width && height === picture.height) return picture;
  const rows = sharesOf(picture.height, height);
  const columns = sharesOf(picture.width, width);
  const stride = picture.width * 3;
  const line = new Float64Array(stride);
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let i = 0; i < rows.most; i++) {
      const share = rows.shares[y * rows.most + i] as number;
      const from = ((rows.first[y] as number) + i) * stride;
      // A share of nothing may lie below the picture.
      if (share > 0) addLine(line, picture.data, from, share);
    }
    for (let x = 0; x < width; x++) {
      let [red, green, blue] = [0, 0, 0];
      let from = 3 * (columns.first[x] as number);
      for (let i = x * columns.most; i < (x + 1) * columns.most; i++, from += 3) {
        const share = columns.shares[i] as number;
        if (share === 0) break;
        red += share * (line[from] as number);
        green += share * (line[from + 1] as number);
        blue += share * (line[from + 2] as number);
      }
      const to = 3 * (y * width + x);
      data[to] = red;
      data[to + 1] = green;
      data[to + 2] = blue;
    }
  }
  return { data: new Uint8Array(data.buffer), width, height };
}

function addLine(line: Float64Array, data: Uint8Array, from: number, share: number): void {
  for (let x = 0; x < line.length; x++) line[x] = (line[x] as number) + share * (data[from + x] as number);
}

/** For each of `to` pixels the first of `from` pixels that it covers, and how much of its own width that and the next ones are. */
interface Shares {
  readonly first: Int32Array;
  /** [to, most]; they add up to 1, zeros behind them. */
  readonly shares: Float64Array;
  readonly most: number;
}

function sharesOf(from: number, to: number): Shares {
  const scale = from / to;
  const most = Math.ceil(scale) + 1;
  const first = new Int32Array(to);
  const shares = new Float64Array(to * most);
  for (let i = 0; i < to; i++) {
    const [start, end] = [i * scale, (i + 1) * scale];
    const begin = Math.min(from - 1, Math.floor(start + 1e-9));
    first[i] = begin;
    for (let j = 0; j < most && begin + j < from; j++) {
      const overlap = Math.min(end, begin + j + 1) - Math.max(start, begin + j);
      if (overlap > 1e-9) shares[i * most + j] = overlap / scale;
    }
  }
  return { first, shares, most };
}
