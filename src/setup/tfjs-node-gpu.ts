/**
 * The npm package @tensorflow/tfjs-node-gpu: where it is, and whether its own installation brought a native binding.
 * Its registry tarball holds JavaScript and C++ sources only; the binding and libtensorflow come from download hosts
 * when its install script runs, or from set-up.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { codeOf, environmentError } from '../errors/index.ts';

export const TFJS_VERSION = '4.22.0';

export interface TfjsPackage {
  readonly folder: string;
  readonly version: string;
  /** Where its own installation puts the binding, whether or not it is there. */
  readonly ownBinding: string;
}

/** @throws environment error when the package is not installed: it is an optional dependency */
export function findTfjsPackage(): TfjsPackage {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve('@tensorflow/tfjs-node-gpu/package.json');
    const folder = path.dirname(manifest);
    const { version } = require(manifest) as { version: string };
    return { folder, version, ownBinding: path.join(folder, 'lib', 'napi-v8', 'tfjs_binding.node') };
  } catch (cause) {
    if (codeOf(cause) !== 'MODULE_NOT_FOUND') throw cause;
    throw environmentError('the package @tensorflow/tfjs-node-gpu is not installed', {
      remedy: `npm install --ignore-scripts @tensorflow/tfjs-node-gpu@${TFJS_VERSION}, then: petl-video setup`,
      cause,
    });
  }
}
