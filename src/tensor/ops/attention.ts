import { composite } from '../composite.ts';
import { type Tensor, tf } from '../tf.ts';
import { withGradient } from '../with-gradient.ts';

/**
 * Attention, softmax(q · kᵀ) · v, for q (already divided by √d), k, v [B, heads, N, d] → [B, heads, N, d].
 *
 * Its own gradient uses rowsum(dP ∘ P) = rowsum(dO ∘ O), which costs O(N·d) in place of O(N²), so that the scores
 * [B, heads, N, N] are passed over twice where the generic softmax gradient passes four times. A backend may have both
 * ways as one kernel each, and then decides by itself what it keeps of the scores.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor): Tensor {
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
      return composite('AttentionGradient', { q: q0, k: k0, v: v0, o, dO }, () => {
        const dP = tf.matMul(dO, v0, false, true);
        const dS = tf.mul(p, tf.sub(dP, tf.sum(tf.mul(dO, o), -1, true)));
        return [tf.matMul(dS, k0), tf.matMul(dS, q0, true, false), tf.matMul(p, dO, true, false)];
      });
    },
  );
}
