/** The methods, by name. */
import { configError } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';
import { adaptformer } from './adaptformer.ts';
import { full } from './full.ts';
import { linearProbe } from './linear-probe.ts';
import type { Method } from './method.ts';
import { vptDeep } from './vpt-deep.ts';

export const methods: readonly Method[] = [adaptformer, linearProbe, vptDeep, full];

/** @throws PetlVideoError (config) for a name that is no method. */
export function methodOf(name: string): Method {
  const found = methods.find((method) => method.name === name);
  if (found !== undefined) return found;
  const names = methods.map((method) => method.name);
  const near = nearest(name, names);
  throw configError(`'${name}' is no method${near === undefined ? '' : `; did you mean '${near}'?`}`, {
    remedy: `choose from ${names.join(', ')}`,
  });
}
