/** The schema of a recipe: strict everywhere, every key described, methods taken from the list they register in. */
import { z } from 'zod';
import { optim } from './optim.ts';
import { backbone, data, engine, evaluation, head, run, train } from './sections.ts';

/** What the schema needs to know of a PETL method. */
export interface MethodOptions {
  readonly name: string;
  readonly summary: string;
  /** Strict, described, with defaults. */
  readonly options: z.ZodObject;
}

/** The chosen method and its options, with defaults filled in. */
export interface MethodChoice {
  readonly name: string;
  readonly [option: string]: unknown;
}

function methodSchema(methods: readonly MethodOptions[]): z.ZodType<MethodChoice> {
  const variants = methods.map(({ name, summary, options }) =>
    z.strictObject({ name: z.literal(name).describe(summary), ...options.shape }),
  );
  return z.discriminatedUnion('name', variants as unknown as [z.ZodObject<{ name: z.ZodLiteral<string> }>]);
}

/** The schema of recipes that choose among `methods`. */
export function recipeSchema(methods: readonly MethodOptions[]) {
  return z.strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'letters, digits, dots, dashes and underscores')
      .describe('Name of the run; <folder>-<file> when absent'),
    data: data.prefault({} as never).describe('What is trained on and how clips are drawn from it'),
    backbone: backbone.prefault({} as never).describe('The pretrained backbone'),
    method: methodSchema(methods)
      .prefault({} as never)
      .describe('What is trained: the PETL method and its options'),
    head: head.prefault({}).describe('The classifier'),
    optim: optim.prefault({} as never).describe('Optimizer and schedule'),
    train: train.prefault({} as never).describe('The training loop'),
    eval: evaluation.prefault({}).describe('The test protocol'),
    engine: engine.prefault({}).describe('What computes'),
    run: run.prefault({}).describe('Where results go'),
  });
}

export type RecipeSchema = ReturnType<typeof recipeSchema>;

/** A recipe with every default filled in. */
export type Recipe = z.output<RecipeSchema>;
