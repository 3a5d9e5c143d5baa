/** Names and shapes of Swin-B checkpoints, held against lists of real models by their fingerprints. */
import { createHash } from 'node:crypto';
import type { Specs } from '../checkpoint-lists.ts';

const DEPTHS = [2, 2, 18, 2];
const HEADS = [4, 8, 16, 32];

export interface SwinList {
  /** Where the merging between stages s and s + 1 stands: at s (Microsoft, timm before 0.9) or at s + 1. */
  readonly mergesBehind: boolean;
  /** `relative_position_index` and `attn_mask`, which timm since 0.9.3 or so no longer stores. */
  readonly buffers: boolean;
  readonly classes: number;
}

/** What is stored by Microsoft's repository and timm 0.4 to 0.8; by timm 0.9.2; by timm 1.0. */
export const MICROSOFT: SwinList = { mergesBehind: true, buffers: true, classes: 1000 };
export const TIMM_09: SwinList = { mergesBehind: false, buffers: true, classes: 1000 };
export const TIMM_1: SwinList = { mergesBehind: false, buffers: false, classes: 1000 };

/** Swin-B, 224 pixels, windows of 7. */
export function swinBase({ mergesBehind, buffers, classes }: SwinList): Specs {
  const specs: Specs = new Map();
  const add = (name: string, ...shape: number[]): void => {
    specs.set(name, { shape });
  };
  const norm = (name: string, D: number): void => {
    add(`${name}.weight`, D);
    add(`${name}.bias`, D);
  };
  const dense = (name: string, outputs: number, inputs: number): void => {
    add(`${name}.weight`, outputs, inputs);
    add(`${name}.bias`, outputs);
  };
  add('patch_embed.proj.weight', 128, 3, 4, 4);
  add('patch_embed.proj.bias', 128);
  norm('patch_embed.norm', 128);
  DEPTHS.forEach((depth, stage) => {
    const D = 128 * 2 ** stage;
    const windows = (56 / 2 ** stage / 7) ** 2;
    for (let block = 0; block < depth; block++) {
      const at = `layers.${stage}.blocks.${block}`;
      if (buffers && block % 2 === 1 && windows > 1) add(`${at}.attn_mask`, windows, 49, 49);
      norm(`${at}.norm1`, D);
      add(`${at}.attn.relative_position_bias_table`, 169, HEADS[stage] as number);
      if (buffers) add(`${at}.attn.relative_position_index`, 49, 49);
      dense(`${at}.attn.qkv`, 3 * D, D);
      dense(`${at}.attn.proj`, D, D);
      norm(`${at}.norm2`, D);
      dense(`${at}.mlp.fc1`, 4 * D, D);
      dense(`${at}.mlp.fc2`, D, 4 * D);
    }
    const merging = mergesBehind ? stage < 3 && [stage, D] : stage > 0 && [stage, D / 2];
    if (merging === false) return;
    const [layer, from] = merging as [number, number];
    add(`layers.${layer}.downsample.reduction.weight`, 2 * from, 4 * from);
    norm(`layers.${layer}.downsample.norm`, 4 * from);
  });
  norm('norm', 1024);
  dense(mergesBehind ? 'head' : 'head.fc', classes, 1024);
  return specs;
}

/** SHA-256 of the sorted lines `name [shape]`, as taken of `state_dict()` in Python. */
export function listFingerprint(specs: Specs): string {
  const lines = [...specs].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}
