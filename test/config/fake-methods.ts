/** Two methods that stay as they are, so that messages listing methods can be pinned. */
import { z } from 'zod';
import type { MethodOptions } from '../../src/config/index.ts';

export const fakeMethods: readonly MethodOptions[] = [
  {
    name: 'bottle',
    summary: 'A bottleneck',
    options: z.strictObject({
      bottleneck: z.int().min(1).default(64).describe('Small dimension'),
      scale: z
        .union([z.number(), z.literal('learned')])
        .default(0.1)
        .describe('Factor'),
      blocks: z
        .union([z.literal('all'), z.array(z.int().min(0)).min(1)])
        .default('all')
        .describe('Blocks'),
    }),
  },
  {
    name: 'prompt',
    summary: 'Prompts',
    options: z.strictObject({ prompts: z.int().min(1).default(1).describe('How many') }),
  },
];

/** The shortest recipe; line 3 is the method, line 4 the optimizer. */
export const SHORTEST = `data: { path: data/x }
backbone: { size: base, weights: random }
method: { name: bottle }
optim: { name: sgd, blr: 0.1 }
train: { epochs: 30, batch: 16, accumulate: 8 }
`;
