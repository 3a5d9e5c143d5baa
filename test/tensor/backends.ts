/** Runs a test on every tfjs backend that computes for this project. */
import { test } from 'node:test';
import { tf } from '../../src/tensor/tf.ts';
import { tensorflowMissing } from '../engine/tensorflow-cache.ts';

/** @param body may be given the backend's name; tensors that it leaves behind are freed */
export function testOnEachBackend(name: string, body: (backend: 'cpu' | 'tensorflow') => void): void {
  for (const backend of ['cpu', 'tensorflow'] as const) {
    test(`${name} [${backend}]`, async (t) => {
      if (backend === 'tensorflow') {
        const missing = await tensorflowMissing();
        if (missing !== undefined) {
          t.skip(missing);
          return;
        }
      }
      tf.enableProdMode();
      await tf.setBackend(backend);
      tf.engine().startScope();
      try {
        body(backend);
      } finally {
        tf.engine().endScope();
      }
    });
  }
}
