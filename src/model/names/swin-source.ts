/**
 * The names of a Swin checkpoint: where its backbone stands among them, which layout it has, and the sizes of its stages.
 *
 *   swin-official   Microsoft's files and those of timm before 0.9: `layers.{s}.blocks.{b}.*`, the merging behind stage s in
 *                   `layers.{s}.downsample.*`, `head.*`
 *   swin-timm       timm since 0.9: the merging stands before the stage that it leads to, in `layers.{s + 1}.downsample.*`,
 *                   and the classifier in `head.fc.*`
 *   petl-video      ours: `blocks.{i}.*` through all stages, `merges.{s}.*`
 */
import { weightsError } from '../../errors/index.ts';
import type { SwinOptions } from '../swin/options.ts';
import type { SourceSpecs } from './source.ts';

export const SWIN_LAYOUT_NAMES = ['swin-official', 'swin-timm'] as const;
/** `petl-video` is the layout of our own files, ViT or Swin. */
export type SwinLayout = (typeof SWIN_LAYOUT_NAMES)[number] | 'petl-video';

/** What a weights file fixes of a Swin; image size, drop path and normalisation are the user's. */
export type WeightsSwin = Pick<SwinOptions, 'width' | 'depths' | 'heads' | 'patch' | 'window' | 'mlpRatio'>;

export interface SwinSource {
  readonly specs: SourceSpecs;
  readonly at: string | undefined;
  /** What leads the backbone's names: `module.`, `backbone.`, or nothing. */
  readonly prefix: string;
  readonly layout: SwinLayout;
  /** The checkpoint's name for one of ours, without prefix. */
  theirName(ours: string): string;
  /** The name in the file; the classifier and the last norm may lack the prefix. */
  locate(theirs: string): string | undefined;
}

const PREFIX = /^((?:module\.|model\.)*(?:encoder\.|backbone\.|))/;
const THEIR_BLOCK = /^layers\.(\d+)\.blocks\.(\d+)\./;
const OUR_BLOCK = /^blocks\.(\d+)\./;
const TABLE = 'attn.relative_position_bias_table';
const MOST_STAGES = 16;
const MOST_BLOCKS = 256;

/** Whether the names are those of a Swin, whatever its layout. */
export function isSwinCheckpoint(specs: SourceSpecs): boolean {
  const names = [...specs.keys()].map((name) => name.replace(PREFIX, ''));
  const some = (is: (name: string) => boolean): boolean => names.some(is);
  if (some((name) => THEIR_BLOCK.test(name) && name.includes('.attn.'))) return true;
  // Ours; a ViT may have tables of relative positions too, but merges no patches.
  const merges = some((name) => /^(merges\.\d+|patch_embed\.norm)\./.test(name));
  return merges && some((name) => OUR_BLOCK.test(name) && name.endsWith(TABLE));
}

/**
 * @param layout as asked for, or undefined to tell it by the names
 * @throws weights error when the names are of no Swin that we know
 */
export function swinSource(specs: SourceSpecs, layout: SwinLayout | undefined, at?: string): SwinSource {
  const names = [...specs.keys()];
  const leading = names.find((name) => /(^|\.)(layers\.\d+\.)?blocks\.\d+\./.test(name)) ?? '';
  const prefix = PREFIX.exec(leading)?.[1] ?? '';
  if (!isSwinCheckpoint(specs)) throw notASwin(names, at);
  refuseOthers(names, specs, at);
  const has = (start: string): boolean => names.some((name) => name.startsWith(prefix + start));
  const depths = depthsOf(names, prefix, specs);
  const chosen = layout ?? detect(has, depths);
  return {
    specs,
    at,
    prefix,
    layout: chosen,
    theirName: (ours) => theirName(ours, chosen, depths),
    locate: (theirs) => {
      if (specs.has(prefix + theirs)) return prefix + theirs;
      return /^(head|norm)\./.test(theirs) && specs.has(theirs) ? theirs : undefined;
    },
  };
}

function detect(has: (start: string) => boolean, depths: readonly number[]): SwinLayout {
  if (!has('layers.')) return 'petl-video';
  if (has('layers.0.downsample.')) return 'swin-official';
  return has(`layers.${depths.length - 1}.downsample.`) || has('head.fc.') ? 'swin-timm' : 'swin-official';
}

function theirName(ours: string, layout: SwinLayout, depths: readonly number[]): string {
  if (layout === 'petl-video') return ours;
  const [, block, inBlock] = /^blocks\.(\d+)\.(.+)$/.exec(ours) ?? [];
  if (block !== undefined) {
    let [stage, index] = [0, Number(block)];
    while (index >= (depths[stage] as number)) index -= depths[stage++] as number;
    return `layers.${stage}.blocks.${index}.${inBlock}`;
  }
  const [, merge, inMerge] = /^merges\.(\d+)\.(.+)$/.exec(ours) ?? [];
  if (merge !== undefined) return `layers.${Number(merge) + (layout === 'swin-timm' ? 1 : 0)}.downsample.${inMerge}`;
  return layout === 'swin-timm' ? ours.replace(/^head\./, 'head.fc.') : ours;
}

/** Blocks of each stage: from the names, or of our flat ones from the widths. */
function depthsOf(names: readonly string[], prefix: string, specs: SourceSpecs): number[] {
  const bare = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const depths: number[] = [];
  for (const name of bare) {
    const [, stage, block] = THEIR_BLOCK.exec(name) ?? [];
    if (stage === undefined || Number(stage) >= MOST_STAGES || Number(block) >= MOST_BLOCKS) continue;
    depths[Number(stage)] = Math.max(depths[Number(stage)] ?? 0, Number(block) + 1);
  }
  if (depths.length > 0) return Array.from(depths, (depth) => depth ?? 0);
  const widths: number[] = [];
  for (let i = 0; ; i++) {
    const width = specs.get(`${prefix}blocks.${i}.norm1.weight`)?.shape[0];
    if (width === undefined) break;
    widths.push(width);
  }
  return [...new Set(widths)].map((width) => widths.filter((other) => other === width).length);
}

/** @throws weights error when the shapes are those of no Swin */
export function deriveSwin(source: SwinSource): { swin: WeightsSwin; windows: readonly number[] } {
  const { specs, at, locate, layout } = source;
  const shapeOf = (theirs: string): readonly number[] | undefined => specs.get(locate(theirs) ?? '')?.shape;
  const patchShape = shapeOf('patch_embed.proj.weight') ?? [];
  const [width = 0, channels] = patchShape;
  const [rows, columns] = patchShape.slice(-2);
  const rank = layout === 'petl-video' ? 5 : 4;
  if (patchShape.length !== rank || channels !== 3 || rows !== columns) {
    throw weightsError(
      `patch_embed.proj.weight of a Swin Transformer has shape [${patchShape}]; ${rank} axes, 3 channels and square patches are needed`,
      { at },
    );
  }
  const names = [...specs.keys()];
  const depths = depthsOf(names, source.prefix, specs);
  const stages = depths.map((depth, stage) => {
    const first = depths.slice(0, stage).reduce((sum, blocks) => sum + blocks, 0);
    const blocks = Array.from({ length: depth }, (_, j) => first + j);
    const inStage = (name: string) =>
      blocks.map((i) => shapeOf(source.theirName(`blocks.${i}.${name}`))).find((shape) => shape !== undefined);
    return { table: inStage(TABLE), fc1: inStage('mlp.fc1.weight'), stage };
  });
  const tables = stages.map(({ table, stage }) => {
    const side = Math.sqrt(table?.[0] ?? Number.NaN);
    const window = (side + 1) / 2;
    if (table !== undefined && table.length === 2 && Number.isInteger(window))
      return { window, heads: table[1] as number };
    const found = table === undefined ? 'is missing' : `has shape [${table}]; (2 · window − 1)² rows are needed`;
    throw weightsError(`the table of relative positions of stage ${stage} ${found}`, {
      at,
      remedy: 'it tells window and attention heads: use a Swin Transformer for images, whole',
    });
  });
  const windows = tables.map(({ window }) => window);
  const hidden = stages.find(({ fc1 }) => fc1 !== undefined);
  return {
    windows,
    swin: {
      width,
      depths,
      heads: tables.map(({ heads }) => heads),
      patch: rows as number,
      window: Math.max(...windows),
      mlpRatio: hidden?.fc1 === undefined ? 4 : (hidden.fc1[0] as number) / (width * 2 ** hidden.stage),
    },
  };
}

const RELATIVES: readonly (readonly [RegExp, string])[] = [
  [/\.attn\.(logit_scale|cpb_mlp\.)/, 'a Swin Transformer V2'],
  [/\.mixer\.|\.crossattn/, 'a relative of Swin'],
];

function refuseOthers(names: readonly string[], specs: SourceSpecs, at: string | undefined): void {
  const relative = RELATIVES.find(([pattern]) => names.some((name) => pattern.test(name)));
  const patch = names.find((name) => name.endsWith('patch_embed.proj.weight'));
  const isVideo = (specs.get(patch ?? '')?.shape.length ?? 0) === 5 && names.some((name) => name.includes('layers.'));
  const what = relative?.[1] ?? (isVideo ? 'a Video Swin Transformer' : undefined);
  if (what === undefined) return;
  throw weightsError(`these are the weights of ${what}, which cannot be imported`, {
    at,
    remedy: 'use a Swin Transformer (V1) for images, as swin_base_patch4_window7_224_22k.pth',
  });
}

function notASwin(names: readonly string[], at: string | undefined): Error {
  return weightsError(
    `these are not the weights of a Swin Transformer; its ${names.length} names begin with ${names.slice(0, 3).join(', ')}`,
    { at, remedy: 'leave --layout out, so that it is told by the names' },
  );
}
