/** The methods, by name. */
import { configError } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';
import { adapter } from './adapter.ts';
import { adaptformer } from './adaptformer.ts';
import { aim } from './aim.ts';
import { arc, arcAtt } from './arc.ts';
import { bitfit } from './bitfit.ts';
import { convpass, convpassAttn } from './convpass.ts';
import { factTk, factTt } from './fact.ts';
import { full } from './full.ts';
import { linearProbe } from './linear-probe.ts';
import { lora } from './lora.ts';
import type { Method } from './method.ts';
import { repadapter } from './repadapter.ts';
import { ssf } from './ssf.ts';
import { stAdapter } from './st-adapter.ts';
import { vptDeep } from './vpt-deep.ts';
import { vptShallow } from './vpt-shallow.ts';

export const methods: readonly Method[] = [
  adaptformer,
  arc,
  arcAtt,
  convpass,
  convpassAttn,
  linearProbe,
  vptShallow,
  vptDeep,
  full,
  bitfit,
  lora,
  adapter,
  ssf,
  repadapter,
  factTt,
  factTk,
  stAdapter,
  aim,
];

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
