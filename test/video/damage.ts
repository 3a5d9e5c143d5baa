/** Damage as disks, networks and interrupted downloads do it, drawn from a seed. */
import type { Random } from '../../src/tensor/random.ts';

export interface Damaged {
  readonly bytes: Buffer;
  /** What was done, such as `flip 40 bytes at 1200, cut at 5000`. */
  readonly what: string;
}

type Blow = (bytes: Buffer, at: number, length: number, random: Random) => { bytes: Buffer; what: string };

const without = (bytes: Buffer, at: number, length: number): Buffer[] => [
  bytes.subarray(0, at),
  bytes.subarray(at + length),
];

const BLOWS: readonly Blow[] = [
  /** One bit of each of some bytes. */
  (bytes, at, length, random) => {
    const made = Buffer.from(bytes);
    for (let i = at; i < at + length; i++) {
      if (random.uniform() < 0.3 || length < 4) made[i] = (made[i] as number) ^ (1 << random.integer(8));
    }
    return { bytes: made, what: `flip bits of ${length} bytes at ${at}` };
  },
  (bytes, at, length, random) => {
    const made = Buffer.from(bytes);
    for (let i = at; i < at + length; i++) made[i] = random.integer(256);
    return { bytes: made, what: `overwrite ${length} bytes at ${at}` };
  },
  (bytes, at, length) => ({
    bytes: Buffer.from(bytes).fill(0, at, at + length),
    what: `zero ${length} bytes at ${at}`,
  }),
  (bytes, at) => ({ bytes: bytes.subarray(0, at), what: `cut at ${at}` }),
  (bytes, at, length) => ({
    bytes: Buffer.concat(without(bytes, at, length)),
    what: `take out ${length} bytes at ${at}`,
  }),
  (bytes, at, length) => {
    const [before = bytes, after = bytes] = without(bytes, at, length);
    const part = bytes.subarray(at, at + length);
    return { bytes: Buffer.concat([before, part, part, after]), what: `double ${length} bytes at ${at}` };
  },
  (bytes, at, length, random) => {
    const made = Buffer.from(bytes);
    const other = random.integer(Math.max(bytes.length - length, 1));
    bytes.copy(made, at, other, other + length);
    bytes.copy(made, other, at, at + length);
    return { bytes: made, what: `swap ${length} bytes at ${at} and ${other}` };
  },
];

/** One to three blows. A third of them hit the first 2 KiB, where most formats keep what matters; lengths reach 8 KiB. */
export function damage(whole: Buffer, random: Random): Damaged {
  let bytes = whole;
  const done: string[] = [];
  for (let blows = 1 + random.integer(3); blows > 0 && bytes.length > 1; blows--) {
    const within = random.uniform() < 0.3 ? Math.min(2048, bytes.length) : bytes.length;
    const at = random.integer(within);
    const length = Math.min(1 + Math.floor(2 ** (13 * random.uniform())), bytes.length - at);
    // Most damage leaves the length as it is; what moves the rest makes many a file unreadable at once.
    const blow = BLOWS[random.integer(random.uniform() < 0.6 ? 3 : BLOWS.length)] as Blow;
    const struck = blow(bytes, at, length, random);
    bytes = struck.bytes;
    done.push(struck.what);
  }
  return { bytes, what: done.join(', ') };
}
