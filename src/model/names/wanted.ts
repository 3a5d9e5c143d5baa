/** What a ViT of given options consists of under our names, and from which tensors of a layout each is made. */
import type { WeightsVit } from './derive.ts';
import { LAYOUTS, type Layout } from './layouts.ts';
import type { Source } from './source.ts';

/** How parts become one tensor: taken over, rows below each other, or an image kernel given a time axis of 1. */
export type Make = 'same' | 'rows' | 'time axis';

/** `backbone`: what is frozen under a method; `tuned`: what a method trained; `head`: the classifier of the source task. */
export type Part = 'backbone' | 'tuned' | 'head';

export interface Wanted {
  readonly name: string;
  readonly part: Part;
  /** Names in the checkpoint, without wrapper and prefix. */
  readonly from: readonly string[];
  /** Shape of each part, as it must be in the file. */
  readonly partShape: readonly number[];
  readonly shape: readonly number[];
  readonly make: Make;
  /** Wanted only if some tensor of the group is there; then all of the group is. */
  readonly group?: string;
}

type Shape = readonly number[];

export function wantedTensors(source: Source, layout: Layout, vit: WeightsVit): Wanted[] {
  const { width: D } = vit;
  const wanted = [...embedding(vit, layout)];
  for (let i = 0; i < vit.depth; i++) {
    wanted.push(...blockOf(i, vit, layout), ...adapterOf(i, vit, layout, source), ...promptsOf(i, vit, layout, source));
  }
  wanted.push(...othersOf(layout, source));
  const norm = vit.pool === 'mean' ? 'fc_norm' : 'norm';
  // Pre-trained files have no fc_norm, which then starts as an identity; a norm that was trained must not be lost.
  const group = norm === 'fc_norm' ? { group: norm } : {};
  wanted.push(
    { ...same(`${norm}.weight`, [D]), ...group },
    { ...same(`${norm}.bias`, [D]), ...group },
    ...headOf(vit, layout, source),
  );
  return wanted;
}

function same(name: string, shape: Shape, from = name): Wanted {
  return { name, part: 'backbone', from: [from], partShape: shape, shape, make: 'same' };
}

function embedding(vit: WeightsVit, layout: Layout): Wanted[] {
  const { width: D, patch: p, tubelet: t } = vit;
  const weight = same('patch_embed.proj.weight', [D, 3, t, p, p]);
  const wanted: Wanted[] = [
    LAYOUTS[layout].patchRank === 5 ? weight : { ...weight, partShape: [D, 3, p, p], make: 'time axis' },
    same('patch_embed.proj.bias', [D]),
  ];
  if (vit.clsToken) wanted.push(same('cls_token', [1, 1, D]));
  // The number of tokens is the file's: -1 takes any.
  if (vit.positions === 'learned') wanted.push(same('pos_embed', [1, -1, D]));
  return wanted;
}

function blockOf(i: number, vit: WeightsVit, layout: Layout): Wanted[] {
  const { width: D } = vit;
  const hidden = D * vit.mlpRatio;
  const split = LAYOUTS[layout].cut === 'split';
  const own = (name: string, shape: Shape, from = name): Wanted =>
    same(`blocks.${i}.${name}`, shape, `blocks.${i}.${from}`);
  const fused = (name: 'weight' | 'bias', shape: Shape): Wanted =>
    split
      ? {
          ...own(`attn.qkv.${name}`, [3 * D, ...shape]),
          from: ['q', 'k', 'v'].map((third) => `blocks.${i}.attn.${third}_proj.${name}`),
          partShape: [D, ...shape],
          make: 'rows',
        }
      : own(`attn.qkv.${name}`, [3 * D, ...shape]);
  const mlp = (name: string, shape: Shape): Wanted => own(`mlp.${name}`, shape, split ? name : `mlp.${name}`);
  return [
    own('norm1.weight', [D]),
    own('norm1.bias', [D]),
    fused('weight', [D]),
    ...(vit.bias === 'qkv' ? [fused('bias', [])] : [own('attn.q_bias', [D]), own('attn.v_bias', [D])]),
    own('attn.proj.weight', [D, D]),
    own('attn.proj.bias', [D]),
    own('norm2.weight', [D]),
    own('norm2.bias', [D]),
    mlp('fc1.weight', [hidden, D]),
    mlp('fc1.bias', [hidden]),
    mlp('fc2.weight', [D, hidden]),
    mlp('fc2.bias', [D]),
  ];
}

/** AdaptFormer's names of an adapter, and ours. */
const THEIR_ADAPTER = { down: 'down_proj', up: 'up_proj', norm: 'adapter_layer_norm_before' };
const OUR_ADAPTER = { down: 'down', up: 'up', norm: 'norm' };

/** Layouts in which tuned parameters may stand beside the backbone. */
const tunes = (layout: Layout): boolean => layout === 'petl-video' || layout.startsWith('adaptformer');

function adapterOf(i: number, vit: WeightsVit, layout: Layout, source: Source): Wanted[] {
  if (!tunes(layout)) return [];
  const names = layout === 'petl-video' ? OUR_ADAPTER : THEIR_ADAPTER;
  const at = `blocks.${i}.adaptmlp`;
  const D = vit.width;
  const d = source.shapeOf(`${at}.${names.down}.weight`)?.[0] ?? -1;
  const own = (group: string, name: string, shape: Shape, from = name): Wanted => ({
    ...same(`${at}.${name}`, shape, `${at}.${from}`),
    part: 'tuned',
    group: `${at}.${group}`,
  });
  return [
    own('adapter', 'down.weight', [d, D], `${names.down}.weight`),
    own('adapter', 'down.bias', [d], `${names.down}.bias`),
    own('adapter', 'up.weight', [D, d], `${names.up}.weight`),
    own('adapter', 'up.bias', [D], `${names.up}.bias`),
    own('scale', 'scale', [1]),
    own('norm', 'norm.weight', [D], `${names.norm}.weight`),
    own('norm', 'norm.bias', [D], `${names.norm}.bias`),
  ];
}

function promptsOf(i: number, vit: WeightsVit, layout: Layout, source: Source): Wanted[] {
  if (!tunes(layout)) return [];
  const name = `blocks.${i}.prompts`;
  const from = layout === 'petl-video' ? name : `embeddings.${i}`;
  const prompts = source.shapeOf(from)?.[1] ?? -1;
  return [{ ...same(name, [1, prompts, vit.width], from), part: 'tuned', group: name }];
}

/** Whether the classifier of the source task has a layer before its last, which ours has not: its head then means nothing. */
export function hasPreLogits(source: Source): boolean {
  return source.locate('pre_logits.fc.weight') !== undefined;
}

/** What other methods train, by our names: with whatever shape the file has, for only their options would tell. */
const OTHERS =
  /^((arc|fact|ssf|aim)\.|prompts$|blocks\.\d+\.(arc_|convpass_|lora\.|adapter_|ssf\.|repadapter_|fact\.|st_adapter_|aim_))/;

function othersOf(layout: Layout, source: Source): Wanted[] {
  if (!['petl-video', 'arc-image', 'convpass-image'].includes(layout)) return [];
  const names = [...source.specs.keys()].map((name) => name.slice(source.wrapper.length));
  return names
    .filter((name) => OTHERS.test(name))
    .map((name) => ({ ...same(name, source.shapeOf(name) ?? []), part: 'tuned' }));
}

/** AdaptFormer's head is BatchNorm (`head.0`) and Linear (`head.1`), everybody else's a Linear (`head`). */
function headOf(vit: WeightsVit, layout: Layout, source: Source): Wanted[] {
  if (hasPreLogits(source)) return [];
  const D = vit.width;
  const nested = source.locate('head.1.weight') !== undefined || source.locate('head.1.bias') !== undefined;
  const linear = nested ? 'head.1' : 'head';
  const norm = layout === 'petl-video' ? 'head.batchnorm' : 'head.0';
  const classes = source.shapeOf(`${linear}.weight`)?.[0] ?? -1;
  const own = (group: string, name: string, shape: Shape, from: string): Wanted => ({
    ...same(name, shape, from),
    part: 'head',
    group,
  });
  const wanted = [
    own('head', 'head.weight', [classes, D], `${linear}.weight`),
    own('head', 'head.bias', [classes], `${linear}.bias`),
  ];
  if (!tunes(layout)) return wanted;
  return [
    own('head.batchnorm', 'head.batchnorm.running_mean', [D], `${norm}.running_mean`),
    own('head.batchnorm', 'head.batchnorm.running_var', [D], `${norm}.running_var`),
    ...wanted,
  ];
}
