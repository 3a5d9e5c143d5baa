/** Frames at the size of a cell. */
import type { RgbPicture } from '../../formats/png.ts';
import type { Frames, Size } from '../../video/window.ts';

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

/** The picture at another size: mean over the area that a pixel covers. */
export function resized(picture: RgbPicture, { width, height }: Size): RgbPicture {
  if (width === picture.width && height === picture.height) return picture;
  const columns = sharesOf(picture.width, width);
  const rows = sharesOf(picture.height, height);
  const narrow = new Float32Array(picture.height * width * 3);
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, shares } = columns[x] as Shares;
      const to = 3 * (y * width + x);
      for (let i = 0; i < shares.length; i++) {
        const from = 3 * (y * picture.width + first + i);
        const share = shares[i] as number;
        narrow[to] = (narrow[to] as number) + share * (picture.data[from] as number);
        narrow[to + 1] = (narrow[to + 1] as number) + share * (picture.data[from + 1] as number);
        narrow[to + 2] = (narrow[to + 2] as number) + share * (picture.data[from + 2] as number);
      }
    }
  }
  const data = new Uint8Array(width * height * 3);
  const sums = new Float32Array(width * 3);
  for (let y = 0; y < height; y++) {
    const { first, shares } = rows[y] as Shares;
    sums.fill(0);
    for (let i = 0; i < shares.length; i++) {
      const from = (first + i) * sums.length;
      for (let x = 0; x < sums.length; x++) {
        sums[x] = (sums[x] as number) + (shares[i] as number) * (narrow[from + x] as number);
      }
    }
    for (let x = 0; x < sums.length; x++) data[y * sums.length + x] = Math.round(sums[x] as number);
  }
  return { data, width, height };
}

interface Shares {
  readonly first: number;
  /** Of `first` and those behind it; they add up to 1. */
  readonly shares: readonly number[];
}

/** For each of `to` pixels, which of `from` pixels it covers, and how much of its own width each of them is. */
function sharesOf(from: number, to: number): Shares[] {
  const scale = from / to;
  return Array.from({ length: to }, (_, i) => {
    const [start, end] = [i * scale, (i + 1) * scale];
    const first = Math.floor(start + 1e-9);
    const last = Math.min(from, Math.max(first + 1, Math.ceil(end - 1e-9)));
    const overlaps = Array.from(
      { length: last - first },
      (_, j) => Math.min(end, first + j + 1) - Math.max(start, first + j),
    );
    return { first, shares: overlaps.map((overlap) => overlap / scale) };
  });
}
