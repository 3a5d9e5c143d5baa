/** What an exported file computes: the forward pass of a batch of decoded clips. */
import type { Step } from '../engine/engine.ts';
import { evaluateStep } from '../eval/step.ts';
import type { Classifier } from '../petl/classifier.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/**
 * Input `clips` uint8 [B, T, H, W, 3], RGB; outputs `logits` and `probabilities` [B, K], `features` [B, D]. The pixels
 * are normalised inside.
 */
export function servingStep(model: Classifier, batch: number): Step {
  const { inputs, run } = evaluateStep(model, batch);
  return {
    name: 'serve',
    inputs,
    run(state, given) {
      const { outputs } = run(state, given);
      const logits = outputs.logits as Tensor;
      return { state: {}, outputs: { ...outputs, logits, probabilities: tf.softmax(logits) } };
    },
  };
}
