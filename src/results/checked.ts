/** Values from files, against a schema. */
import { z } from 'zod';

/** JSON has no NaN: a score or loss that was none is written as null. */
export const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

/** @throws TypeError that names the first key at fault: `no prediction: top.0.score: expected number, received string` */
export function checked<T>(schema: z.ZodType<T>, value: unknown, noun: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first] = result.error.issues;
  const where = first === undefined || first.path.length === 0 ? '' : `${first.path.join('.')}: `;
  throw new TypeError(`this is no ${noun}: ${where}${first?.message ?? 'invalid'}`);
}
