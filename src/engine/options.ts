/**
 * What can be asked of an engine, and which engine can do what. Recipes are checked against the same table, so this file
 * imports nothing.
 */

export const ENGINES = ['tensorflow', 'onnxruntime', 'tensorflow-eager', 'cpu'] as const;
export const DEVICES = ['cpu', 'cuda', 'webgpu'] as const;
/** What matrix products and convolutions compute in; everything else stays float32. */
export const PRECISIONS = ['fp32', 'tf32', 'bf16', 'fp16'] as const;
/** What XLA compiles: nothing, chains of small operations, or the whole step. */
export const XLA_PARTS = ['off', 'clusters', 'step'] as const;

export type EngineName = (typeof ENGINES)[number];
export type DeviceName = (typeof DEVICES)[number];
export type Precision = (typeof PRECISIONS)[number];
export type XlaPart = (typeof XLA_PARTS)[number];

export interface EngineOptions {
  readonly name: 'auto' | EngineName;
  readonly device: 'auto' | DeviceName;
  readonly precision: Precision;
  readonly xla: 'auto' | XlaPart;
  /** Processor threads; 0: one for each core. */
  readonly threads: number;
  /** Whether blocks are computed again in the backward pass in place of being kept. */
  readonly recompute: boolean;
}

export const DEFAULT_ENGINE: EngineOptions = {
  name: 'auto',
  device: 'auto',
  precision: 'fp32',
  xla: 'auto',
  threads: 0,
  recompute: false,
};

interface Abilities {
  /** Device → precisions, the preferred device first. */
  readonly devices: Readonly<Partial<Record<DeviceName, readonly Precision[]>>>;
  /** Whether it runs compiled graphs; else operation by operation. */
  readonly compiles: boolean;
}

export const ABILITIES: Readonly<Record<EngineName, Abilities>> = {
  tensorflow: {
    devices: { cuda: ['fp32', 'tf32', 'bf16', 'fp16'], cpu: ['fp32', 'bf16', 'fp16'] },
    compiles: true,
  },
  onnxruntime: {
    // Its tensors know no bfloat16 outside of a graph, where weights come from.
    devices: { cuda: ['fp32', 'tf32', 'fp16'], webgpu: ['fp32', 'fp16'], cpu: ['fp32', 'fp16'] },
    compiles: true,
  },
  'tensorflow-eager': { devices: { cuda: ['fp32'], cpu: ['fp32'] }, compiles: false },
  cpu: { devices: { cpu: ['fp32'] }, compiles: false },
};

/** Options that exclude each other: the keys at fault, the decisive one first. */
export interface Conflict {
  readonly keys: readonly [keyof EngineOptions, ...(keyof EngineOptions)[]];
  readonly what: string;
  readonly remedy: string;
}

const listed = (words: readonly string[]): string => words.join(', ');

/** The first contradiction among the options, or undefined. What a machine has plays no part in it. */
export function conflictOf(options: EngineOptions): Conflict | undefined {
  const { name, device, precision, xla, recompute } = options;
  const engines = name === 'auto' ? ENGINES : [name];
  const asked = (devices: Abilities['devices']): DeviceName[] =>
    (Object.keys(devices) as DeviceName[]).filter((known) => device === 'auto' || device === known);
  if (name !== 'auto' && device !== 'auto' && !(device in ABILITIES[name].devices)) {
    return {
      keys: ['device', 'name'],
      what: `engine.device ${device} is none of engine.name ${name}`,
      remedy: `${name} computes on ${listed(Object.keys(ABILITIES[name].devices))}; on ${device}: ${listed(enginesOn(device))}`,
    };
  }
  const able = engines.flatMap((engine) => {
    const { devices } = ABILITIES[engine];
    return asked(devices).filter((known) => devices[known]?.includes(precision));
  });
  if (able.length === 0) {
    const where = [...(name === 'auto' ? [] : [name]), ...(device === 'auto' ? [] : [device])].join(' on ');
    return {
      keys: ['precision', ...(device === 'auto' ? [] : (['device'] as const)), 'name'],
      what: `engine.precision ${precision} is none of ${where}`,
      remedy: `there: ${listed(precisionsOf(engines, device))}; ${precision}: ${listed(placesOf(precision))}`,
    };
  }
  if ((xla === 'clusters' || xla === 'step') && name !== 'tensorflow') {
    return {
      keys: ['xla', 'name'],
      what: `engine.xla ${xla} is for TensorFlow, and engine.name is ${name}`,
      remedy: 'set engine.name tensorflow, or leave engine.xla at auto',
    };
  }
  if (recompute && name !== 'auto' && !ABILITIES[name].compiles) {
    return {
      keys: ['recompute', 'name'],
      what: `train.recompute needs a compiled step, and engine.name ${name} runs operation by operation`,
      remedy: 'set engine.name tensorflow or onnxruntime, or train.recompute false',
    };
  }
  return undefined;
}

function enginesOn(device: DeviceName): EngineName[] {
  return ENGINES.filter((engine) => device in ABILITIES[engine].devices);
}

function precisionsOf(engines: readonly EngineName[], device: EngineOptions['device']): Precision[] {
  const found = engines.flatMap((engine) =>
    Object.entries(ABILITIES[engine].devices).flatMap(([known, precisions]) =>
      device === 'auto' || device === known ? precisions : [],
    ),
  );
  return PRECISIONS.filter((precision) => found.includes(precision));
}

/** `tensorflow on cuda`, … */
function placesOf(precision: Precision): string[] {
  return ENGINES.flatMap((engine) =>
    Object.entries(ABILITIES[engine].devices).flatMap(([device, precisions]) =>
      precisions.includes(precision) ? [`${engine} on ${device}`] : [],
    ),
  );
}
