/** Engine, device and precision that somebody asked for, laid over what a recipe says. */
import { conflictOf, DEVICES, ENGINES, type EngineOptions, PRECISIONS } from '../engine/options.ts';
import { usageError } from '../errors/index.ts';
import { nearest } from '../errors/nearest.ts';

export const ENGINE_NAMES = ['auto', ...ENGINES] as const;
export const DEVICE_NAMES = ['auto', ...DEVICES] as const;

/** Words as a person typed them: checked here. */
export interface EngineWords {
  readonly engine?: unknown;
  readonly device?: unknown;
  readonly precision?: unknown;
}

/**
 * Another engine has devices and compilers of its own: `--engine` puts those back to `auto`.
 * @throws PetlVideoError (usage) for unknown names and for options that exclude each other
 */
export function engineChoice(base: EngineOptions, given: EngineWords): EngineOptions {
  const name = oneOf('engine', ENGINE_NAMES, given.engine);
  const device = oneOf('device', DEVICE_NAMES, given.device);
  const precision = oneOf('precision', PRECISIONS, given.precision);
  const over: EngineOptions = name === undefined ? base : { ...base, name, device: 'auto', xla: 'auto' };
  const options = {
    ...over,
    ...(device === undefined ? {} : { device }),
    ...(precision === undefined ? {} : { precision }),
  };
  const conflict = conflictOf(options);
  if (conflict !== undefined) throw usageError(conflict.what, { remedy: conflict.remedy });
  return options;
}

function oneOf<T extends string>(option: string, names: readonly T[], given: unknown): T | undefined {
  if (given === undefined) return undefined;
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  const near = nearest(String(given), names);
  throw usageError(`--${option} ${given}: choose one of ${names.join(', ')}`, {
    ...(near === undefined ? {} : { remedy: `did you mean ${near}?` }),
  });
}
