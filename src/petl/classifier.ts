/**
 * Backbone + method + head: what is trained, evaluated and saved.
 *
 *   clip [B, T, H, W, 3] → features [B, D] → BatchNorm without affine → dropout → linear → logits [B, K]
 *
 * The BatchNorm in front of the classifier is AdaptFormer's, for every method it compares (ε 1e-6, momentum 0.1).
 */
import {
  type BackboneOptions,
  backboneParameters,
  dropPathNoise,
  features,
  featureWidth,
  poolIsTrained,
  poolParameters,
} from '../model/backbone.ts';
import type { Forward, NoiseSpec } from '../model/forward.ts';
import { batchNormEvaluation, batchNormTraining } from '../tensor/ops/batch-norm.ts';
import { linear } from '../tensor/ops/linear.ts';
import { type Lookup, normal, ones, type ParameterSpec, zeros } from '../tensor/parameters.ts';
import { scope } from '../tensor/scope.ts';
import { type Tensor, type Tensors, tf } from '../tensor/tf.ts';
import type { Attached } from './method.ts';

export interface HeadOptions {
  /** K. */
  readonly classes: number;
  readonly batchNorm: boolean;
  /** Dropout before the linear layer. */
  readonly dropout: number;
  /** Standard deviation of the linear layer's first weights. */
  readonly initStd: number;
}

export interface Prediction {
  readonly features: Tensor;
  readonly logits: Tensor;
  /** The running statistics after this batch; empty outside training. */
  readonly buffers: Tensors;
}

export interface Classifier {
  readonly backbone: BackboneOptions;
  readonly head: HeadOptions;
  /** Parameters that stay as the weights file has them. */
  readonly frozen: readonly ParameterSpec[];
  /** Parameters that the optimizer moves, head included. */
  readonly trained: readonly ParameterSpec[];
  /** Whether by the method's construction no gradient reaches this trained parameter. */
  isUnreached(name: string): boolean;
  /** Running statistics: they change in training, without gradients. */
  readonly buffers: readonly ParameterSpec[];
  readonly noise: readonly NoiseSpec[];
  /** @param clip [B, T, H, W, 3], values 0-255 */
  predict(parameter: Lookup, clip: Tensor, forward: Forward): Prediction;
}

/** ε of the BatchNorm in front of the classifier. */
export const BATCH_NORM_EPSILON = 1e-6;
const BATCH_NORM_MOMENTUM = 0.1;
const RUNNING_MEAN = 'head.batchnorm.running_mean';
const RUNNING_VARIANCE = 'head.batchnorm.running_var';
const HEAD_DROPOUT = 'head.dropout';

export function classifier(backbone: BackboneOptions, method: Attached, head: HeadOptions): Classifier {
  const D = featureWidth(backbone);
  const pool = poolParameters(backbone);
  const poolIsNew = poolIsTrained(backbone);
  const carried = [...backboneParameters(backbone), ...(poolIsNew ? [] : pool)];
  const head1: ParameterSpec[] = [
    { name: 'head.weight', shape: [head.classes, D], init: normal(head.initStd) },
    { name: 'head.bias', shape: [head.classes], init: zeros },
  ];

  return {
    backbone,
    head,
    frozen: carried.filter(({ name }) => !method.trains(name)),
    trained: [
      ...carried.filter(({ name }) => method.trains(name)),
      ...method.parameters,
      ...(poolIsNew ? pool : []),
      ...head1,
    ],
    isUnreached: (name) => method.isUnreached?.(name) ?? false,
    buffers: head.batchNorm
      ? [
          { name: RUNNING_MEAN, shape: [D], init: zeros },
          { name: RUNNING_VARIANCE, shape: [D], init: ones },
        ]
      : [],
    noise: [
      ...dropPathNoise(backbone),
      ...method.noise,
      ...(head.dropout > 0 ? [{ name: HEAD_DROPOUT, shape: [D], keep: 1 - head.dropout }] : []),
    ],
    predict: (parameter, clip, forward) =>
      scope('forward', () => {
        const pooled = features(
          backbone,
          parameter,
          clip,
          (i) => method.taps(i, parameter, forward),
          forward,
          method.whole(parameter, forward),
        );
        const buffers: Tensors = {};
        let x = pooled;
        if (head.batchNorm) {
          const [mean, variance] = [parameter(RUNNING_MEAN), parameter(RUNNING_VARIANCE)];
          if (forward.training) {
            const normed = batchNormTraining(x, mean, variance, BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM);
            x = normed.y;
            buffers[RUNNING_MEAN] = normed.runningMean;
            buffers[RUNNING_VARIANCE] = normed.runningVariance;
          } else {
            x = batchNormEvaluation(x, mean, variance, BATCH_NORM_EPSILON);
          }
        }
        if (forward.training && head.dropout > 0) x = tf.mul(x, tf.div(forward.noise(HEAD_DROPOUT), 1 - head.dropout));
        return { features: pooled, logits: linear(x, parameter('head.weight'), parameter('head.bias')), buffers };
      }),
  };
}
