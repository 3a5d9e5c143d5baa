/** Checkpoints of VideoMAE's fine-tuning model. */
import { FOLDED, linearHead, RUNNING } from './fold-head.ts';
import { differences, PLAIN, renamed, type Target } from './plan.ts';

export const videomaeTarget: Target = {
  program: 'VideoMAE',
  key: 'model',
  unfit: (model) => differences(model, { bias: 'qv', clsToken: false, pool: 'mean' }),
  pieces: (name, model) => (PLAIN.test(name) ? [renamed(model, name, name)] : linearHead(name, model)),
  notes({ vit, specs }) {
    return [
      ...(vit.positions === 'learned'
        ? ['pos_embed is learned: the program must be told so (use_learnable_pos_emb)']
        : ['the positions are the fixed table, which the program makes itself']),
      ...(specs.has(RUNNING[1]) ? [FOLDED] : []),
    ];
  },
};
