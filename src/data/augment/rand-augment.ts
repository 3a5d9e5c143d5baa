/**
 * RandAugment (Cubuk et al., 2020) as VideoMAE fine-tunes with it: which operations a clip gets, as plain numbers. One draw
 * serves all frames of the clip. The recipe writes it in timm's notation, `rand-m7-n4-mstd0.5-inc1`; without n it is 2.
 */
import { configError } from '../../errors/index.ts';
import { nearest } from '../../errors/nearest.ts';
import type { Random } from '../../tensor/random.ts';
import type { Operation } from '../../video/augment/operations.ts';

export interface RandAugment {
  /** Operations drawn for a clip, with replacement; each is applied with probability 0.5. */
  readonly operations: number;
  /** Mean of the magnitude, 0 to 10. */
  readonly magnitude: number;
  /** Deviation of the magnitude, which is clipped to 0-10. */
  readonly deviation: number;
}

const PROBABILITY = 0.5;
/** As timm's. */
const DEFAULT_OPERATIONS = 2;
const GREATEST = 10;

type Draw = (magnitude: number, random: Random) => Operation;

const either = (value: number, random: Random): number => (random.uniform() < 0.5 ? -value : value);
const factor = (m: number, random: Random): number => 1 + either(0.09 * m, random);

/** The fifteen, by magnitude: the "increasing" maps, in which a greater magnitude always changes more. */
export const DRAWS: readonly Draw[] = [
  () => ({ name: 'autoContrast' }),
  () => ({ name: 'equalize' }),
  () => ({ name: 'invert' }),
  (m, random) => ({ name: 'rotate', degrees: either(3 * m, random) }),
  (m) => ({ name: 'posterize', bits: 4 - Math.floor(0.4 * m) }),
  (m) => ({ name: 'solarize', threshold: 256 - Math.floor(25.6 * m) }),
  (m) => ({ name: 'solarizeAdd', add: Math.floor(11 * m) }),
  (m, random) => ({ name: 'color', factor: factor(m, random) }),
  (m, random) => ({ name: 'contrast', factor: factor(m, random) }),
  (m, random) => ({ name: 'brightness', factor: factor(m, random) }),
  (m, random) => ({ name: 'sharpness', factor: factor(m, random) }),
  (m, random) => ({ name: 'shearX', factor: either(0.03 * m, random) }),
  (m, random) => ({ name: 'shearY', factor: either(0.03 * m, random) }),
  (m, random) => ({ name: 'translateX', share: either(0.045 * m, random) }),
  (m, random) => ({ name: 'translateY', share: either(0.045 * m, random) }),
];

/** The operations of one clip, in the order in which they are applied; about half of `operations`, often none. */
export function drawOperations({ operations, magnitude, deviation }: RandAugment, random: Random): Operation[] {
  const drawn: Operation[] = [];
  for (let i = 0; i < operations; i++) {
    const draw = DRAWS[random.integer(DRAWS.length)] as Draw;
    if (random.uniform() >= PROBABILITY) continue;
    const m = magnitude + deviation * random.normal();
    drawn.push(draw(Math.min(Math.max(m, 0), GREATEST), random));
  }
  return drawn;
}

const PARTS = { m: 'magnitude', n: 'operations', mstd: 'deviation', inc: 'increasing' } as const;
type Part = keyof typeof PARTS;
const BOUNDS: Readonly<Record<Part, { readonly whole: boolean; readonly least: number; readonly most: number }>> = {
  m: { whole: false, least: 0, most: GREATEST },
  n: { whole: true, least: 1, most: 100 },
  mstd: { whole: false, least: 0, most: GREATEST },
  inc: { whole: true, least: 1, most: 1 },
};
const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name);
export const EXAMPLE = 'rand-m7-n4-mstd0.5-inc1';

/**
 * `rand-m7-n4-mstd0.5-inc1`: m magnitude, n operations (2 where absent), mstd deviation (0 where absent), inc1 the increasing maps, which are
 * the only ones there are here. Each part once, in any order.
 * @returns the options, or what is wrong with the text
 */
export function parseRandAugment(text: string): RandAugment | { readonly wrong: string } {
  const [first, ...parts] = text.split('-');
  if (first !== 'rand') return { wrong: `it must begin with rand, as ${EXAMPLE} does` };
  const values = new Map<Part, number>();
  for (const part of parts) {
    const [, name = '', digits = ''] = /^([A-Za-z]*)(.*)$/.exec(part) ?? [];
    if (!isPart(name)) {
      const meant = nearest(name, Object.keys(PARTS));
      const known = Object.entries(PARTS).map(([key, meaning]) => `${key} (${meaning})`);
      const hint =
        meant === undefined || name === '' ? `the parts are ${known.join(', ')}` : `did you mean ${meant}${digits}?`;
      return { wrong: `'${part}' is not a part of it; ${hint}` };
    }
    if (values.has(name)) return { wrong: `'${name}' stands in it twice` };
    const { whole, least, most } = BOUNDS[name];
    const value = /^(?:\d+\.?\d*|\.\d+)$/.test(digits) ? Number(digits) : Number.NaN;
    if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      const kind = whole ? 'a whole number' : 'a number';
      return {
        wrong: `'${part}': ${PARTS[name]} must be ${least === most ? least : `${kind} from ${least} to ${most}`}`,
      };
    }
    values.set(name, value);
  }
  const missing = (['m', 'inc'] as const).find((name) => !values.has(name));
  if (missing !== undefined) return { wrong: `${missing} (${PARTS[missing]}) is missing, as in ${EXAMPLE}` };
  return {
    operations: values.get('n') ?? DEFAULT_OPERATIONS,
    magnitude: values.get('m') as number,
    deviation: values.get('mstd') ?? 0,
  };
}

/** The options that a recipe's `data.randAugment` means. @throws config error for a notation that cannot be read */
export function randAugmentOf(text: string | false): RandAugment | undefined {
  if (text === false) return undefined;
  const parsed = parseRandAugment(text);
  if ('wrong' in parsed) throw configError(`'${text}' is no RandAugment: ${parsed.wrong}`);
  return parsed;
}
