/**
 * The arithmetic that a step cannot do without: its matrix products and convolutions, a multiplication and an addition
 * each. Counted on the recording of the step, in which autodiff has left out what no trained parameter asks for (weight
 * gradients of frozen parts, everything below the first trained one), and before any pass, so that what a runtime computes
 * twice to save memory counts once.
 */
import { sizeOf } from '../tensor/host.ts';
import type { Graph, Node, Value } from './graph.ts';
import { dropDeadCode } from './passes/dead-code.ts';

/** Floating point operations of one run of the step. */
export function usefulWork(graph: Graph): number {
  return dropDeadCode(graph).nodes.reduce((sum, node) => sum + workOf(node), 0);
}

function workOf({ kernel, inputs, outputs, attributes }: Node): number {
  const [a, b] = inputs as [Value, Value];
  const [out] = outputs as [Value];
  switch (kernel) {
    case 'BatchMatMul':
      return 2 * sizeOf(out.shape) * extent(a, attributes.transposeA ? -2 : -1);
    case 'Attention':
    case 'BiasedAttention':
      return 2 * scoresProduct(a, b);
    // dP = dO · vᵀ, dV = Pᵀ · dO, dQ = dS · k, dK = dSᵀ · q. That P itself is made again is the runtime's economy.
    case 'AttentionGradient':
    case 'BiasedAttentionGradient':
      return 4 * scoresProduct(a, b);
    case 'Conv2D':
    case 'Conv3D':
      return convolution(out, b);
    case 'Conv2DBackpropInput':
    case 'Conv3DBackpropInputV2':
      return convolution(a, b);
    case 'Conv2DBackpropFilter':
    case 'Conv3DBackpropFilterV2':
      return convolution(b, out);
    case 'DepthwiseConv2dNative':
      return depthwise(out, b);
    case 'DepthwiseConv2dNativeBackpropInput':
      return depthwise(a, b);
    case 'DepthwiseConv2dNativeBackpropFilter':
      return depthwise(b, out);
    default:
      return 0;
  }
}

const extent = ({ shape }: Value, axis: number): number => shape.at(axis) as number;

/** q · kᵀ for q [..., N, d] and k [..., M, d]; every product of attention has as many operations. */
function scoresProduct(q: Value, k: Value): number {
  return 2 * sizeOf(q.shape) * extent(k, -2);
}

/** Each number of the output [..., out] takes all of the filter [...taps, in, out] that leads to its channel. */
function convolution(output: Value, filter: Value): number {
  return (2 * sizeOf(output.shape) * sizeOf(filter.shape)) / extent(filter, -1);
}

/** The same for a filter [...taps, in, multiplier], in which each channel has taps of its own. */
function depthwise(output: Value, filter: Value): number {
  return 2 * sizeOf(output.shape) * sizeOf(filter.shape.slice(0, -2));
}
