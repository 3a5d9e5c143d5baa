/**
 * The windows of a stage: how tokens [B, N, D], row-major over a grid of side × side, come apart into them, and what attention
 * inside them is told of places.
 */
import { type Tensor, tf } from '../../tensor/tf.ts';
import { withGradient } from '../../tensor/with-gradient.ts';
import type { SwinStage } from './options.ts';

/** What is added to the scores of two tokens that the shift alone brought into one window. */
const APART = -100;

/** x [B, N, D] with its grid rolled by `shift` rows and columns towards the origin; what leaves comes in at the far side. */
export function rolled(x: Tensor, side: number, shift: number): Tensor {
  return withGradient(
    [x],
    (tokens) => ({ value: roll(tokens, side, shift), saved: [] }),
    (dy) => [roll(dy, side, side - shift)],
  );
}

function roll(x: Tensor, side: number, shift: number): Tensor {
  const [batch, tokens, D] = x.shape as [number, number, number];
  const rows = rollSecondAxis(tf.reshape(x, [batch, side, side * D]), shift);
  return tf.reshape(rollSecondAxis(tf.reshape(rows, [batch * side, side, D]), shift), [batch, tokens, D]);
}

function rollSecondAxis(x: Tensor, shift: number): Tensor {
  const [outer, extent, inner] = x.shape as [number, number, number];
  const far = tf.slice(x, [0, shift, 0], [outer, extent - shift, inner]);
  return tf.concat([far, tf.slice(x, [0, 0, 0], [outer, shift, inner])], 1);
}

/** [B, N, D] → [B, windows, heads, tokens of a window, D / heads], and back: one transposition each way, of six axes. */
export function windowsApart(x: Tensor, { side, window, heads }: SwinStage): Tensor {
  const [batch, , D] = x.shape as [number, number, number];
  const across = side / window;
  const cut = tf.reshape(x, [batch * across, window, across, window, heads, D / heads]);
  const apart = tf.transpose(cut, [0, 2, 4, 1, 3, 5]);
  return tf.reshape(apart, [batch, across * across, heads, window * window, D / heads]);
}

export function windowsTogether(x: Tensor, { side, window, heads, width }: SwinStage): Tensor {
  const batch = x.shape[0] as number;
  const across = side / window;
  const cut = tf.reshape(x, [batch * across, across, heads, window, window, width / heads]);
  return tf.reshape(tf.transpose(cut, [0, 3, 1, 4, 2, 5]), [batch, side * side, width]);
}

/** For each pair of tokens of a window the row of the table of relative positions, [tokens · tokens]. */
export function relativePositions(window: number): Int32Array {
  const tokens = window * window;
  const index = new Int32Array(tokens * tokens);
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < tokens; j++) {
      const rows = Math.floor(i / window) - Math.floor(j / window) + window - 1;
      const columns = (i % window) - (j % window) + window - 1;
      index[i * tokens + j] = rows * (2 * window - 1) + columns;
    }
  }
  return index;
}

/**
 * What keeps tokens apart that a shift brought into one window from opposite sides of the picture, [windows, tokens, tokens] of
 * 0 and −100.
 */
export function shiftMask({ side, window, shift }: SwinStage): Float32Array {
  const across = side / window;
  const tokens = window * window;
  const mask = new Float32Array(across * across * tokens * tokens);
  // Of rows and columns alike: before the last window, in it, and what came in from the near side.
  const part = (at: number): number => (at < side - window ? 0 : at < side - shift ? 1 : 2);
  const region = (w: number, token: number): number => {
    const row = Math.floor(w / across) * window + Math.floor(token / window);
    const column = (w % across) * window + (token % window);
    return 3 * part(row) + part(column);
  };
  for (let w = 0; w < across * across; w++) {
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++) {
        if (region(w, i) !== region(w, j)) mask[(w * tokens + i) * tokens + j] = APART;
      }
    }
  }
  return mask;
}

/**
 * What is added to the scores [B, windows, heads, tokens, tokens]: the bias of relative places, from a table
 * [(2 · window − 1)², heads], and the mask of a shifted block.
 */
export function scoreBias(table: Tensor, stage: SwinStage, isShifted: boolean): Tensor {
  const { side, window, heads } = stage;
  const tokens = window * window;
  const places = tf.gather(table, tf.tensor1d(relativePositions(window), 'int32'));
  const bias = tf.transpose(tf.reshape(places, [tokens, tokens, heads]), [2, 0, 1]);
  if (!isShifted) return bias;
  const windows = (side / window) ** 2;
  return tf.add(bias, tf.tensor(shiftMask(stage), [windows, 1, tokens, tokens]));
}
