/** Checkpoints of ShoufaChen/AdaptFormer, video and image model: q, k and v apart, fc1 and fc2 in the block. */
import { int32 } from '../../tensor/host.ts';
import { RUNNING } from './fold-head.ts';
import {
  differences,
  type Exportable,
  type Piece,
  PLAIN,
  renamed,
  SEVERAL_FRAMES,
  seesVideo,
  shapeOf,
  type Target,
  third,
  withoutTime,
} from './plan.ts';

const ADAPTER = { down: 'down_proj', up: 'up_proj', norm: 'adapter_layer_norm_before' } as const;

const isImage = ({ vit }: Exportable): boolean => vit.clsToken;

export const adaptformerTarget: Target = {
  program: 'AdaptFormer',
  key: 'model',
  unfit(model) {
    const wrong = isImage(model)
      ? differences(model, { tubelet: 1, bias: 'qkv', positions: 'learned' })
      : differences(model, { bias: 'qv', positions: 'sincos', pool: 'mean' });
    if (isImage(model) && seesVideo(model)) wrong.push(SEVERAL_FRAMES);
    for (const [kind, what] of [
      [/^blocks\.\d+\.adaptmlp\.down\.weight$/, 'adapters'],
      [/^blocks\.\d+\.prompts$/, 'prompts'],
    ] as const) {
      const some = [...model.specs.keys()].filter((name) => kind.test(name)).length;
      if (some > 0 && some < model.vit.depth) wrong.push(`only ${some} of ${model.vit.depth} blocks have ${what}`);
    }
    return wrong;
  },
  pieces(name, model) {
    if (name === 'patch_embed.proj.weight' && isImage(model)) return [withoutTime(model, name)];
    const [, block = '', kind = ''] = /^(blocks\.\d+\.)attn\.qkv\.(weight|bias)$/.exec(name) ?? [];
    if (kind !== '') {
      return (['q', 'k', 'v'] as const).map((x, i) =>
        third(model, name, `${block}attn.${x}_proj.${kind}`, i as 0 | 1 | 2),
      );
    }
    const inBlock = /^(blocks\.\d+\.)mlp\.(fc[12]\..+)$/.exec(name);
    if (inBlock !== null) return [renamed(model, name, `${inBlock[1]}${inBlock[2]}`)];
    if (PLAIN.test(name)) return [renamed(model, name, name)];
    return tuned(name, model) ?? head(name, model);
  },
  notes(model) {
    const has = (pattern: RegExp): boolean => [...model.specs.keys()].some((name) => pattern.test(name));
    return [
      ...(has(/\.adaptmlp\./)
        ? ['the file does not say where the adapters stand and how they are scaled: give the program the same options']
        : []),
      ...(isImage(model) ? [] : ['the positions are the fixed table, which the program makes itself']),
    ];
  },
};

function tuned(name: string, model: Exportable): Piece[] | undefined {
  const prompts = /^blocks\.(\d+)\.prompts$/.exec(name);
  if (prompts !== null) return [renamed(model, name, `embeddings.${prompts[1]}`)];
  const adapter = /^(blocks\.\d+\.adaptmlp\.)(?:(down|up|norm)(\.weight|\.bias)|scale)$/.exec(name);
  if (adapter === null) return undefined;
  const [, before = '', part, after = ''] = adapter;
  const theirs = part === undefined ? 'scale' : ADAPTER[part as keyof typeof ADAPTER] + after;
  return [renamed(model, name, before + theirs)];
}

/** BatchNorm and Linear, which their program makes of every head; a Linear where ours has no BatchNorm. */
function head(name: string, model: Exportable): Piece[] | undefined {
  const [mean, variance] = RUNNING;
  const linear = model.specs.has(variance) ? 'head.1' : 'head';
  if (name === 'head.weight' || name === 'head.bias') return [renamed(model, name, name.replace('head', linear))];
  if (name === variance) return [renamed(model, name, 'head.0.running_var')];
  if (name !== mean) return undefined;
  // Strict loading asks for the counter, which only a momentum of None would read.
  const counter = { name: 'head.0.num_batches_tracked', shape: [], dtype: 'int64' as const, from: [] };
  return [
    renamed(model, name, 'head.0.running_mean', shapeOf(model, name)),
    { ...counter, build: () => int32([], Int32Array.of(0)) },
  ];
}
