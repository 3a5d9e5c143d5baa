/**
 * When frames are shown, out of what ffmpeg's filter `showinfo` says on standard error: once
 * `config in time_base: 1/12800, frame_rate: 25/1`, then `n: 3 pts: 1536 pts_time:0.12 …` for each frame. Its `pts_time` has six
 * digits in all, too few for a long video, so it is the pts that is read.
 */

export interface FrameTime {
  /** Presentation time in seconds from the start of the file; undefined where the frame has none. */
  readonly seconds: number | undefined;
  /** Frames per second that the file claims; undefined where it claims none. */
  readonly rate: number | undefined;
}

export interface FrameTimes {
  /** What came on standard error, in any pieces. */
  hear(text: string): void;
  /** Frames that were told of and not yet taken. */
  readonly waiting: number;
  /** Of the next frame in turn. */
  take(): FrameTime;
}

// Other messages run into these where one ends without a line break, and then the filter's name is missing.
const CONFIG = /\bconfig in time_base: *(\d+)\/(\d+), frame_rate: *(\d+)\/(\d+)/;
const FRAME = /\bn: *(\d+) pts: *(\S+) +pts_time:/;
/** Frames in a row whose line may be lost. */
const LOST = 64;

type Ratio = readonly [over: number, under: number];

export function frameTimes(): FrameTimes {
  let rest = '';
  let unit: Ratio | undefined;
  let rate: number | undefined;
  let heard = 0;
  const told: FrameTime[] = [];
  const hearFrame = (number: number, pts: number): void => {
    if (number < heard || number > heard + LOST) return;
    for (; heard < number; heard++) told.push({ seconds: undefined, rate });
    heard++;
    told.push({ seconds: unit === undefined || Number.isNaN(pts) ? undefined : (pts * unit[0]) / unit[1], rate });
  };
  const hearLine = (line: string): void => {
    const frame = FRAME.exec(line);
    if (frame !== null) {
      hearFrame(Number(frame[1]), Number(frame[2]));
      return;
    }
    const config = CONFIG.exec(line);
    if (config === null) return;
    unit = ratioOf(config[1], config[2]);
    const claimed = ratioOf(config[3], config[4]);
    rate = claimed && claimed[0] / claimed[1];
  };
  return {
    hear(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) hearLine(line);
    },
    get waiting() {
      return told.length;
    },
    take: () => told.shift() ?? { seconds: undefined, rate },
  };
}

function ratioOf(over: string | undefined, under: string | undefined): Ratio | undefined {
  const ratio = [Number(over), Number(under)] as const;
  return ratio.every((value) => value > 0) ? ratio : undefined;
}
