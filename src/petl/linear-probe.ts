/** Linear probe: the backbone stays as it is, only the head is trained. */
import { z } from 'zod';
import { defineMethod } from './method.ts';

export const linearProbe = defineMethod({
  name: 'linear',
  summary: 'Linear probe: only the head is trained',
  options: z.strictObject({}),
  attach: () => ({ merge: () => ({}) }),
});
