import type { ParameterSpec } from '../tensor/parameters.ts';
import type { Classifier } from './classifier.ts';

/**
 * The same classifier with its trained parameters and statistics under other names, so that several can stand over one frozen
 * backbone in one session.
 */
export function underPrefix(model: Classifier, prefix: string): Classifier {
  const own = new Set([...model.trained, ...model.buffers].map(({ name }) => name));
  const named = (name: string): string => (own.has(name) ? prefix + name : name);
  const rename = (specs: readonly ParameterSpec[]): ParameterSpec[] =>
    specs.map((spec) => ({ ...spec, name: named(spec.name) }));
  return {
    ...model,
    trained: rename(model.trained),
    buffers: rename(model.buffers),
    isUnreached: (name) => model.isUnreached(name.slice(prefix.length)),
    predict: (parameter, clip, forward) => model.predict((name) => parameter(named(name)), clip, forward),
  };
}
