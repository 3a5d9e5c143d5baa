/** tfjs's own backend in plain JavaScript: the oracle of engine tests at tiny shapes. Far too slow to train with. */
import { tf } from '../tensor/tf.ts';
import { eagerEngine } from './eager.ts';
import type { Engine } from './engine.ts';

export function cpuEngine(): Engine {
  // Silences the banner that recommends tfjs-node. IS_TEST would too, but takes tensors saved for gradients for leaks.
  tf.enableProdMode();
  return eagerEngine({
    name: 'cpu',
    device: `plain JavaScript, tfjs ${tf.version_core}`,
    activate: async () => {
      await tf.setBackend('cpu');
    },
    uploadBytes: (bytes, shape) => tf.tensor(Float32Array.from(bytes), [...shape], 'float32'),
  });
}
