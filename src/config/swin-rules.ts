/** Rules between the keys of a Swin's recipe. */
import { gridFault } from '../model/swin/options.ts';
import { swinShape } from './backbone-options.ts';
import type { Rule } from './rule.ts';

const takesImages: Rule = ({ data, backbone }) =>
  data &&
  backbone?.model === 'swin' &&
  data.frames !== 1 && {
    keys: ['data.frames', 'backbone.model'],
    what: `data.frames is ${data.frames}, and a Swin Transformer takes images`,
    remedy: 'data.frames 1; for video, backbone.model vit',
  };

const stagesAgree: Rule = ({ backbone }) => {
  if (backbone?.model !== 'swin') return undefined;
  const { depths, heads } = swinShape(backbone.size);
  return (
    depths.length !== heads.length && {
      keys: ['backbone.size.heads', 'backbone.size.depths'],
      what: `backbone.size.heads has ${heads.length} stages, backbone.size.depths ${depths.length}`,
    }
  );
};

const headsDivide: Rule = ({ backbone }) => {
  if (backbone?.model !== 'swin') return undefined;
  const { width, heads } = swinShape(backbone.size);
  const stage = heads.findIndex((count, index) => (width * 2 ** index) % count !== 0);
  return (
    stage >= 0 && {
      keys: ['backbone.size.heads', 'backbone.size.width'],
      what: `the width ${width * 2 ** stage} of stage ${stage} is not a multiple of its heads, ${heads[stage]}`,
    }
  );
};

const windowsTile: Rule = ({ data, backbone }) => {
  if (data === undefined || backbone?.model !== 'swin') return undefined;
  const { patch, window, size } = backbone;
  const { depths } = swinShape(size);
  const fault = gridFault({ size: data.size, patch, window, depths });
  return (
    fault !== undefined && {
      keys: ['data.size', 'backbone.window', 'backbone.patch'],
      what: `data.size ${data.size} does not fit: ${fault}`,
      remedy: `data.size ${patch * window * 2 ** (depths.length - 1)}, or another multiple that the windows of every stage tile`,
    }
  );
};

export const SWIN_RULES: readonly Rule[] = [takesImages, stagesAgree, headsDivide, windowsTile];
