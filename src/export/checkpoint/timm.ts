/** State dicts of timm's VisionTransformer, which MAE's image model shares. */
import { FOLDED, linearHead, RUNNING } from './fold-head.ts';
import { differences, PLAIN, renamed, SEVERAL_FRAMES, seesVideo, shapeOf, type Target, withoutTime } from './plan.ts';

export const timmTarget: Target = {
  program: 'timm',
  key: undefined,
  unfit(model) {
    const wrong = differences(model, { tubelet: 1, bias: 'qkv', positions: 'learned', clsToken: true });
    return seesVideo(model) ? [...wrong, SEVERAL_FRAMES] : wrong;
  },
  pieces(name, model) {
    if (name === 'patch_embed.proj.weight') return [withoutTime(model, name)];
    return PLAIN.test(name) ? [renamed(model, name, name)] : linearHead(name, model);
  },
  notes(model) {
    const { vit, specs } = model;
    const side = Math.sqrt((shapeOf(model, 'pos_embed')[1] ?? 1) - 1) * vit.patch;
    const classes = shapeOf(model, 'head.weight')[0] ?? 0;
    const pool = vit.pool === 'mean' ? 'avg' : 'token';
    return [
      `it fits timm.models.VisionTransformer(img_size=${side}, patch_size=${vit.patch}, embed_dim=${vit.width}, ` +
        `depth=${vit.depth}, num_heads=${vit.heads}, mlp_ratio=${vit.mlpRatio}, num_classes=${classes}, global_pool='${pool}')`,
      ...(specs.has(RUNNING[1]) ? [FOLDED] : []),
    ];
  },
};
