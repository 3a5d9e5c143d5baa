/** Reads ffmpeg's framecrc tables: what a video holds, frame by frame or packet by packet, and a checksum of each. */

export interface FrameRow {
  /** In time base units from the start of the file; undefined where nothing tells it. */
  readonly pts: number | undefined;
  readonly duration: number;
  readonly bytes: number;
  /** As ffmpeg writes it, `0x3a0f3e2e`: of the picture's bytes, or the packet's. */
  readonly checksum: string;
  readonly key: boolean;
}

export interface FrameTable {
  readonly width: number;
  readonly height: number;
  /** Seconds of one time base unit. */
  readonly unit: number;
  /** Without what is decoded but not shown. */
  readonly rows: readonly FrameRow[];
  /** Rows left out. */
  readonly hidden: number;
}

/** Flag of packets that are decoded but never shown, by an edit list. */
const DISCARDED = 4;

/**
 * The table of one stream: headers such as `#tb 0: 1/12800` and `#dimensions 0: 340x256`, then for each frame a line of
 * stream, dts, pts, duration, bytes, checksum and, unless it is a key frame and nothing else, `F=` with its flags.
 */
export function readFrameTable(text: string, stream: number): FrameTable {
  const pair = (name: string, between: string): [number, number] => {
    const [, first = 0, second = 0] =
      text.match(new RegExp(`^#${name} ${stream}: (\\d+)${between}(\\d+)`, 'm'))?.map(Number) ?? [];
    return [first, second];
  };
  const [width, height] = pair('dimensions', 'x');
  const [numerator, denominator] = pair('tb', '/');
  const rows: FrameRow[] = [];
  let hidden = 0;
  for (const line of text.split('\n')) {
    const [own, , pts, duration, bytes, checksum, flags] = line.split(',');
    if (own === undefined || own.trim() === '' || Number(own) !== stream || checksum === undefined) continue;
    const bits = flags === undefined ? 1 : Number(/F=(0x[0-9a-f]+)/i.exec(flags)?.[1] ?? 0);
    if ((bits & DISCARDED) !== 0) {
      hidden++;
      continue;
    }
    // What has no time stamp carries -2^63.
    const time = Number(pts);
    rows.push({
      pts: time > -(2 ** 62) ? time : undefined,
      duration: Number(duration),
      bytes: Number(bytes),
      checksum: checksum.trim(),
      key: (bits & 1) === 1,
    });
  }
  return { width, height, unit: denominator > 0 ? numerator / denominator : 0, rows, hidden };
}
