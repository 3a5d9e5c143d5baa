import { composite } from '../composite.ts';
import { type Tensor, tf } from '../tf.ts';
import { withGradient } from '../with-gradient.ts';

/**
 * Attention, softmax(q · kᵀ + bias) · v, for q (already divided by √d), k, v [B, ..., N, d] → [B, ..., N, d]. The bias,
 * where there is one, has the last axes of the scores [B, ..., N, N] and lacks at least the first: it is of all clips alike.
 *
 * Its own gradient uses rowsum(dP ∘ P) = rowsum(dO ∘ O), which costs O(N·d) in place of O(N²), so that the scores
 * [B, ..., N, N] are passed over twice where the generic softmax gradient passes four times. A backend may have both
 * ways as one kernel each, and then decides by itself what it keeps of the scores.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, bias?: Tensor): Tensor {
  return bias === undefined ? plainAttention(q, k, v) : biasedAttention(q, k, v, bias);
}

function plainAttention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  return withGradient(
    [q, k, v],
    (q0, k0, v0) => {
      const [value, ...kept] = composite('Attention', { q: q0, k: k0, v: v0 }, () => {
        const probabilities = tf.softmax(tf.matMul(q0, k0, false, true));
        return [tf.matMul(probabilities, v0), probabilities];
      });
      return { value: value as Tensor, saved: [q0, k0, v0, value as Tensor, ...kept] };
    },
    (dO, ...saved) => {
      const [q0, k0, v0, o, p] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor];
      return composite('AttentionGradient', { q: q0, k: k0, v: v0, o, dO }, () =>
        gradients(q0, k0, v0, o, dO, p).slice(0, 3),
      );
    },
  );
}

function biasedAttention(q: Tensor, k: Tensor, v: Tensor, bias: Tensor): Tensor {
  if (bias.rank >= q.rank) throw new TypeError(`a bias [${bias.shape}] of scores must lack the axis of the clips`);
  return withGradient(
    [q, k, v, bias],
    (q0, k0, v0, bias0) => {
      const [value, ...kept] = composite('BiasedAttention', { q: q0, k: k0, v: v0, bias: bias0 }, () => {
        const probabilities = tf.softmax(tf.add(tf.matMul(q0, k0, false, true), bias0));
        return [tf.matMul(probabilities, v0), probabilities];
      });
      return { value: value as Tensor, saved: [q0, k0, v0, bias0, value as Tensor, ...kept] };
    },
    (dO, ...saved) => {
      const [q0, k0, v0, bias0, o, p] = saved as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
      return composite('BiasedAttentionGradient', { q: q0, k: k0, v: v0, bias: bias0, o, dO }, () => {
        const [dq, dk, dv, dS] = gradients(q0, k0, v0, o, dO, p) as [Tensor, Tensor, Tensor, Tensor];
        return [
          dq,
          dk,
          dv,
          tf.sum(
            dS,
            Array.from({ length: dS.rank - bias0.rank }, (_, axis) => axis),
          ),
        ];
      });
    },
  );
}

/** Of q, k, v and the scores, from the result o, its gradient dO and the probabilities p. */
function gradients(q: Tensor, k: Tensor, v: Tensor, o: Tensor, dO: Tensor, p: Tensor): Tensor[] {
  const dP = tf.matMul(dO, v, false, true);
  const dS = tf.mul(p, tf.sub(dP, tf.sum(tf.mul(dO, o), -1, true)));
  return [tf.matMul(dS, k), tf.matMul(dS, q, true, false), tf.matMul(p, dO, true, false), dS];
}
