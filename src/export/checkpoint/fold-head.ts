/**
 * The BatchNorm without affine in front of the classifier, folded into it: at evaluation the same numbers, exactly,
 *
 *   W ((x − μ) / √(σ² + ε)) + b  =  W' x + b',   W' = W / √(σ² + ε),   b' = b − W' μ
 *
 * computed in float64. For programs whose classifier is a linear layer alone.
 */
import { BATCH_NORM_EPSILON } from '../../petl/classifier.ts';
import { float32, type HostTensor } from '../../tensor/host.ts';
import { type Exportable, type Piece, renamed, shapeOf } from './plan.ts';

export const RUNNING = ['head.batchnorm.running_mean', 'head.batchnorm.running_var'] as const;
export const FOLDED =
  'the BatchNorm in front of the classifier is folded into head.weight and head.bias: exact at evaluation, and no longer ' +
  'there for training';

/** The pieces of `head.*`, for a checkpoint in which the head is one linear layer; undefined for other names. */
export function linearHead(name: string, model: Exportable): readonly Piece[] | undefined {
  const [mean, variance] = RUNNING;
  if (name === mean || name === variance) return [];
  if (name !== 'head.weight' && name !== 'head.bias') return undefined;
  if (!model.specs.has(variance)) return [renamed(model, name, name)];
  return [
    {
      name,
      shape: shapeOf(model, name),
      dtype: 'float32',
      from: ['head.weight', 'head.bias', mean, variance],
      build: (parts) => foldedHead(parts)[name === 'head.weight' ? 'weight' : 'bias'],
    },
  ];
}

function foldedHead(parts: readonly HostTensor[]): { weight: HostTensor; bias: HostTensor } {
  const [weight, bias, mean, variance] = parts as [HostTensor, HostTensor, HostTensor, HostTensor];
  const [classes, width] = weight.shape as [number, number];
  const folded = new Float32Array(classes * width);
  const shifted = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    let shift = bias.data[k] as number;
    for (let j = 0; j < width; j++) {
      const scaled =
        (weight.data[k * width + j] as number) / Math.sqrt((variance.data[j] as number) + BATCH_NORM_EPSILON);
      folded[k * width + j] = scaled;
      shift -= scaled * (mean.data[j] as number);
    }
    shifted[k] = shift;
  }
  return { weight: float32([classes, width], folded), bias: float32([classes], shifted) };
}
