import { type Tensor, tf } from '../tf.ts';
import { withGradient } from '../with-gradient.ts';

/**
 * Softmax attention, softmax(q · kᵀ / √d) · v, for q, k, v [B, heads, N, d] → [B, heads, N, d].
 *
 * Its own gradient uses rowsum(dP ∘ P) = rowsum(dO ∘ O), which costs O(N·d) in place of O(N²), so that the scores
 * [B, heads, N, N] are passed over twice where the generic softmax gradient passes four times.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor): Tensor {
  const scale = (q.shape[3] as number) ** -0.5;
  return withGradient(
    [q, k, v],
    (q0, k0, v0) => {
      const scaled = tf.mul(q0, scale);
      const probabilities = tf.softmax(tf.matMul(scaled, k0, false, true));
      const value = tf.matMul(probabilities, v0);
      return { value, saved: [scaled, k0, v0, probabilities, value] };
    },
    (dO, qs, ks, vs, p, o) => {
      const dV = tf.matMul(p, dO, true, false);
      const dP = tf.matMul(dO, vs, false, true);
      const dS = tf.mul(p, tf.sub(dP, tf.sum(tf.mul(dO, o), -1, true)));
      return [tf.mul(tf.matMul(dS, ks), scale), tf.matMul(dS, qs, true, false), dV];
    },
  );
}
