/** What happens when: windows that follow each other with the same best class, as one segment. */
import type { WindowPlace } from '../data/window-clips.ts';
import type { WindowAnswer } from './windows.ts';

/**
 * Its frames, and seconds where they are known. The first segment begins where the first window does, the last ends where the
 * last window does; between two, the boundary lies half-way between the centres of the windows on either side.
 */
export interface Segment extends WindowPlace {
  readonly class: string;
  readonly label: number;
  /** Mean over the windows. */
  readonly probability: number;
  readonly windows: number;
}

/** Each segment as soon as it is over. */
export async function* segments(windows: AsyncIterable<WindowAnswer>): AsyncGenerator<Segment> {
  let place: WindowPlace | undefined;
  let last: WindowAnswer | undefined;
  let probabilities = { sum: 0, count: 0 };
  const over = (of: WindowPlace, window: WindowAnswer): Segment => {
    const { class: name, label } = bestOf(window);
    const { sum, count } = probabilities;
    return { ...of, class: name, label, probability: sum / count, windows: count };
  };
  for await (const window of windows) {
    const best = bestOf(window);
    if (place === undefined || last === undefined) place = window;
    else if (bestOf(last).label !== best.label) {
      const between = boundary(last, window);
      yield over(spanOf(place, between), last);
      place = between;
      probabilities = { sum: 0, count: 0 };
    }
    place = spanOf(place, window);
    last = window;
    probabilities.sum += best.probability;
    probabilities.count++;
  }
  if (place !== undefined && last !== undefined) yield over(place, last);
}

const bestOf = ({ top }: WindowAnswer) => top[0] as WindowAnswer['top'][number];

/** From the start of one to the end of the other; with times where both have them. */
function spanOf({ start, startSeconds }: WindowPlace, { end, endSeconds, timing }: WindowPlace): WindowPlace {
  if (startSeconds === undefined || endSeconds === undefined || timing === undefined) return { start, end };
  return { start, end, startSeconds, endSeconds, timing };
}

/** A place without length. */
function boundary(before: WindowPlace, after: WindowPlace): WindowPlace {
  const frame = Math.round((before.start + before.end + after.start + after.end) / 4);
  const { startSeconds: a, endSeconds: b } = before;
  const { startSeconds: c, endSeconds: d, timing } = after;
  const point = { start: frame, end: frame };
  if (a === undefined || b === undefined || c === undefined || d === undefined || timing === undefined) return point;
  const seconds = (a + b + c + d) / 4;
  return { ...point, startSeconds: seconds, endSeconds: seconds, timing };
}
