/** Our tensors under the names and in the pieces that another program's checkpoint has. */
import type { VitWeights } from '../../model/weights-file.ts';
import { float32, type HostTensor, type TensorSpec } from '../../tensor/host.ts';

/** A ViT whose tensors are to be exported. */
export interface Exportable {
  readonly vit: VitWeights & { readonly frames?: number; readonly attention?: 'joint' | 'per-frame' };
  /** Name → shape of all its tensors: backbone, norm, tuned parameters, head. */
  readonly specs: ReadonlyMap<string, TensorSpec>;
}

/** A tensor of the checkpoint to be written. */
export interface Piece {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int64';
  /** Our names of what it is made from, in the order that `build` wants them. */
  readonly from: readonly string[];
  build(parts: readonly HostTensor[]): HostTensor;
}

export interface Target {
  /** `AdaptFormer`, in messages. */
  readonly program: string;
  /** The key that its files hold the tensors under; undefined: none. */
  readonly key: string | undefined;
  /** In which points the ViT is none that the program can build; nothing where it can. */
  unfit(model: Exportable): string[];
  /** What becomes of one of our tensors; undefined where the program has no place for it. */
  pieces(name: string, model: Exportable): readonly Piece[] | undefined;
  /** What a person must know to use the file. */
  notes(model: Exportable): string[];
}

/** Under another name, as it is or in another shape of as many elements. */
export function renamed(model: Exportable, from: string, name: string, shape = shapeOf(model, from)): Piece {
  return { name, shape, dtype: 'float32', from: [from], build: ([tensor]) => ({ ...(tensor as HostTensor), shape }) };
}

export function shapeOf({ specs }: Exportable, name: string): readonly number[] {
  return specs.get(name)?.shape ?? [];
}

/** Third `i` of the rows of a fused projection. */
export function third(model: Exportable, from: string, name: string, i: 0 | 1 | 2): Piece {
  const [rows = 0, ...rest] = shapeOf(model, from);
  const shape = [rows / 3, ...rest];
  return {
    name,
    shape,
    dtype: 'float32',
    from: [from],
    build: ([tensor]) => {
      const data = (tensor as HostTensor).data as Float32Array;
      const each = data.length / 3;
      return float32(shape, data.slice(i * each, (i + 1) * each));
    },
  };
}

/** What every ViT of PyTorch calls alike. */
export const PLAIN =
  /^(patch_embed\.proj\.(weight|bias)|cls_token|pos_embed|blocks\.\d+\.(norm[12]|attn\.qkv|attn\.proj|mlp\.fc[12])\.(weight|bias)|blocks\.\d+\.attn\.[qv]_bias|(fc_)?norm\.(weight|bias))$/;

/** An image kernel [D, 3, 1, p, p] without its axis of time. */
export function withoutTime(model: Exportable, name: string): Piece {
  const [width = 0, channels = 0, , rows = 0, columns = 0] = shapeOf(model, name);
  return renamed(model, name, name, [width, channels, rows, columns]);
}

/** The points in which a ViT differs from what a program builds. */
export function differences(
  { vit }: Exportable,
  wanted: Partial<Record<'bias' | 'positions' | 'clsToken' | 'pool' | 'tubelet', string | number | boolean>>,
): string[] {
  return (Object.keys(wanted) as (keyof typeof wanted)[])
    .filter((key) => vit[key] !== wanted[key])
    .map((key) => `backbone.${key} is ${vit[key]}, not ${wanted[key]}`);
}

export const SEVERAL_FRAMES = 'it sees several frames, not an image';

/** Whether the ViT sees more than an image: by its frames, or by a table of positions that is of no square. */
export function seesVideo(model: Exportable): boolean {
  const { vit } = model;
  const rows = shapeOf(model, 'pos_embed')[1];
  const patches = rows === undefined ? 1 : rows - (vit.clsToken ? 1 : 0);
  return (vit.frames ?? 1) > 1 || !Number.isInteger(Math.sqrt(patches));
}
