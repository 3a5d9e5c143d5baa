/** The `select` filter that passes the frames of given numbers, counted from 0 at the start of the video. */

/** Frames first, first + step, …, last. */
interface Run {
  readonly first: number;
  last: number;
  step: number;
}

function runsOf(ascending: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const frame of ascending) {
    const run = runs.at(-1);
    if (run && run.first === run.last) {
      run.step = frame - run.last;
      run.last = frame;
    } else if (run && frame - run.last === run.step) run.last = frame;
    else runs.push({ first: frame, last: frame, step: 1 });
  }
  return runs;
}

/**
 * A search tree over the runs. A plain sum `eq(n,0)+eq(n,4)+…` would do for one clip, but ffmpeg refuses expressions
 * nested deeper than 100, and a sum of k terms is nested k deep: ten views of 16 frames are too many.
 */
function expression(runs: readonly Run[]): string {
  const [run] = runs;
  if (!run) return '0';
  if (runs.length === 1) {
    if (run.first === run.last) return `eq(n,${run.first})`;
    const between = `between(n,${run.first},${run.last})`;
    return run.step === 1 ? between : `${between}*not(mod(n-${run.first},${run.step}))`;
  }
  const middle = runs.length >> 1;
  const split = (runs[middle] as Run).first;
  return `if(lt(n,${split}),${expression(runs.slice(0, middle))},${expression(runs.slice(middle))})`;
}

/** An expression in `n` that is true for these numbers. @param ascending distinct numbers in ascending order */
export const selectExpression = (ascending: readonly number[]): string => expression(runsOf(ascending));

/** @param ascending distinct frame numbers in ascending order */
export function selectFrames(ascending: readonly number[]): string {
  return `select='${selectExpression(ascending)}'`;
}
