/** Pictures that lie as three planes, one for each colour, made into pixels. */

/** uint8 [3, H, W] → [H, W, 3]. */
export function pixelsOfRows(planes: Uint8Array, width: number, height: number): Uint8Array {
  return interleave(planes, width * height, (pixel) => pixel);
}

/** uint8 [3, W, H], as a column-major array [H, W, 3] lies in memory, → [H, W, 3] row-major. */
export function pixelsOfColumns(planes: Uint8Array, width: number, height: number): Uint8Array {
  return interleave(planes, width * height, (pixel) => (pixel % width) * height + Math.floor(pixel / width));
}

function interleave(planes: Uint8Array, size: number, place: (pixel: number) => number): Uint8Array {
  const pixels = new Uint8Array(3 * size);
  for (let pixel = 0; pixel < size; pixel++) {
    const at = place(pixel);
    pixels[3 * pixel] = planes[at] as number;
    pixels[3 * pixel + 1] = planes[size + at] as number;
    pixels[3 * pixel + 2] = planes[2 * size + at] as number;
  }
  return pixels;
}
