/** Full fine-tuning: every parameter of the backbone is trained. VideoMAE's fixed positions are no parameter. */
import { z } from 'zod';
import { defineMethod } from './method.ts';

export const full = defineMethod({
  name: 'full',
  summary: 'Full fine-tuning: every parameter is trained',
  options: z.strictObject({}),
  attach: () => ({ trains: () => true }),
});
