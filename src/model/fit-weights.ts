/**
 * Weights of one ViT made to fit another that sees other clips: another image size, other patches along time. What is changed
 * is told in words, because the numbers are then no longer those of the file.
 *
 *   pos_embed     learned positions [1, prefix + T·R·C, D]: each temporal slot resized by bicubic interpolation, rows of the
 *                 class token kept; of one slot repeated for all, of several averaged to one
 *   patch_embed   a kernel of one frame divided by t and repeated over t frames: a still clip gives what the image gave. A
 *                 kernel of t frames summed to one: an image gives what the still clip of it gave.
 */
import { weightsError } from '../errors/index.ts';
import { float32, type HostTensor, type TensorSpec } from '../tensor/host.ts';
import { type Grid, gridOf, groupsOf, type VitOptions } from './options.ts';
import { resizeGrid } from './resize-grid.ts';
import type { VitWeights } from './weights-file.ts';

export interface Adjustment {
  /** Of the tensor. */
  readonly name: string;
  /** `pos_embed resized 14 × 14 → 24 × 24 (bicubic)`. */
  readonly text: string;
  /** Shape of what `apply` gives. */
  readonly shape: readonly number[];
  apply(stored: HostTensor): HostTensor;
}

const PATCH = 'patch_embed.proj.weight';
const POSITIONS = 'pos_embed';

/**
 * What must be changed in a weights file for a ViT; nothing where they fit. A tensor that no adjustment here can make fit is
 * left to be found wrong.
 *
 * @param at the file, for errors
 * @throws weights error when a table of positions cannot be cut up into slots of squares
 */
export function adjustmentsFor(
  stored: { readonly vit: VitWeights; readonly specs: ReadonlyMap<string, TensorSpec> },
  vit: VitOptions,
  at: string,
): Adjustment[] {
  const patch = patchAdjustment(stored.specs.get(PATCH)?.shape, vit);
  const table = stored.specs.get(POSITIONS)?.shape;
  const positions =
    table === undefined || vit.positions !== 'learned' || stored.vit.clsToken !== vit.clsToken
      ? []
      : positionsAdjustment(table, stored.vit, vit, at);
  return [...positions, ...patch];
}

function patchAdjustment(shape: readonly number[] | undefined, vit: VitOptions): Adjustment[] {
  const [from, to] = [shape?.[2], vit.tubelet];
  if (shape === undefined || from === undefined || from === to || (from !== 1 && to !== 1)) return [];
  const frames = (t: number): string => `${t} frame${t === 1 ? '' : 's'}`;
  const wanted = shape.map((extent, axis) => (axis === 2 ? to : extent));
  if (from === 1) {
    const text = `patch_embed inflated to ${frames(to)} (÷ ${to}, repeated)`;
    return [{ name: PATCH, text, shape: wanted, apply: (weight) => inflatePatch(weight, to) }];
  }
  const rows = gridOf(vit);
  const fixed = `positions are the first ${rows.rows * rows.columns} rows of the fixed table`;
  const text = `patch_embed summed over ${frames(from)}${vit.positions === 'sincos' && vit.frames === 1 ? `; ${fixed}` : ''}`;
  return [{ name: PATCH, text, shape: wanted, apply: flattenPatch }];
}

function positionsAdjustment(shape: readonly number[], stored: VitWeights, vit: VitOptions, at: string): Adjustment[] {
  const whole = gridOf(vit);
  const to: Grid = { ...whole, time: whole.time / groupsOf(vit) };
  const prefix = vit.clsToken ? 1 : 0;
  const patches = (shape[1] ?? 0) - prefix;
  if (patches === to.time * to.rows * to.columns) return [];
  const from = storedGrid(patches, stored.tubelet, to);
  if (from === undefined || (from.time !== to.time && from.time !== 1 && to.time !== 1)) {
    const has = from === undefined ? `${patches} patches` : `${from.time} temporal slots`;
    const needs = from === undefined ? `${to.time} × ${to.rows} × ${to.columns}` : `${to.time}`;
    throw weightsError(`the positions of the weights are for ${has}, and the recipe asks for ${needs}`, {
      at: `${at}: ${POSITIONS} [${shape}]`,
      remedy: 'set data.frames, data.size and backbone.patch so that the clip is cut up as it was for these weights',
    });
  }
  const square = ({ rows, columns }: Grid): string => `${rows} × ${columns}`;
  const steps = [
    ...(from.rows === to.rows ? [] : [`resized ${square(from)} → ${square(to)} (bicubic)`]),
    ...(from.time === 1 && to.time > 1 ? [`repeated for ${to.time} temporal slots`] : []),
    ...(from.time > 1 && to.time === 1 ? [`averaged over ${from.time} temporal slots`] : []),
  ];
  return [
    {
      name: POSITIONS,
      text: `pos_embed ${steps.join(', ')}`,
      shape: [1, prefix + to.time * to.rows * to.columns, shape[2] ?? 0],
      apply: (table) => fitPositions(table, prefix, from, to),
    },
  ];
}

/**
 * The grid of a stored table, of which only the number of patches is known. Images have one slot; of a video either the
 * squares or the number of slots are taken to be as wanted.
 */
function storedGrid(patches: number, tubelet: number, to: Grid): Grid | undefined {
  const ofSide = (time: number): Grid | undefined => {
    const side = Math.sqrt(patches / time);
    return Number.isInteger(side) ? { time, rows: side, columns: side } : undefined;
  };
  const sameSquares = patches % (to.rows * to.columns) === 0 ? ofSide(patches / (to.rows * to.columns)) : undefined;
  return tubelet === 1 ? (ofSide(1) ?? sameSquares ?? ofSide(to.time)) : (sameSquares ?? ofSide(to.time));
}

/** [D, 3, 1, p, p] → [D, 3, frames, p, p]: each frame gets its part of the kernel. */
export function inflatePatch({ shape, data }: HostTensor, frames: number): HostTensor {
  const [out, channels, , rows, columns] = shape as [number, number, number, number, number];
  const pixels = rows * columns;
  const inflated = new Float32Array(data.length * frames);
  for (let plane = 0; plane < out * channels; plane++) {
    const part = Float32Array.from(data.subarray(plane * pixels, (plane + 1) * pixels), (weight) => weight / frames);
    for (let t = 0; t < frames; t++) inflated.set(part, (plane * frames + t) * pixels);
  }
  return float32([out, channels, frames, rows, columns], inflated);
}

/** [D, 3, t, p, p] → [D, 3, 1, p, p]: the sum over frames. */
export function flattenPatch({ shape, data }: HostTensor): HostTensor {
  const [out, channels, frames, rows, columns] = shape as [number, number, number, number, number];
  const pixels = rows * columns;
  const flat = new Float32Array(data.length / frames);
  for (let plane = 0; plane < out * channels; plane++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      let sum = 0;
      for (let t = 0; t < frames; t++) sum += data[(plane * frames + t) * pixels + pixel] as number;
      flat[plane * pixels + pixel] = sum;
    }
  }
  return float32([out, channels, 1, rows, columns], flat);
}

/**
 * A table of positions [1, prefix + T·R·C, D] for another grid. The first `prefix` rows stay.
 *
 * @param from its grid; where the slots of `to` are others, one of the two has a single slot
 */
export function fitPositions({ shape, data }: HostTensor, prefix: number, from: Grid, to: Grid): HostTensor {
  const width = shape[2] as number;
  const [perSlot, perSlotTo] = [from.rows * from.columns * width, to.rows * to.columns * width];
  const fitted = new Float32Array(prefix * width + to.time * perSlotTo);
  fitted.set(data.subarray(0, prefix * width));
  const patches = data.subarray(prefix * width) as Float32Array;
  const slots = Array.from({ length: from.time }, (_, t) => {
    const slot = patches.subarray(t * perSlot, (t + 1) * perSlot);
    const same = from.rows === to.rows && from.columns === to.columns;
    return same ? slot : resizeGrid(slot, [from.rows, from.columns, width], [to.rows, to.columns]);
  });
  const fit = from.time > to.time ? [mean(slots)] : slots;
  for (let t = 0; t < to.time; t++) {
    fitted.set(fit[Math.min(t, fit.length - 1)] as Float32Array, prefix * width + t * perSlotTo);
  }
  return float32([1, fitted.length / width, width], fitted);
}

function mean(rows: readonly Float32Array[]): Float32Array {
  return Float32Array.from(rows[0] as Float32Array, (_, i) => {
    return rows.reduce((sum, row) => sum + (row[i] as number), 0) / rows.length;
  });
}
