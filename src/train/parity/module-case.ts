/**
 * A golden case of one module alone: the bypass of Convpass. `expected.safetensors` holds `param.*`, `input`, `output`,
 * `grad_output`, `grad_input`, `grad.*` and, where the original starts at fixed values, `init.*`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Engine, Step } from '../../engine/engine.ts';
import { dataError } from '../../errors/index.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { BlockShape } from '../../model/backbone.ts';
import { type Bypass, convolutionalBypass } from '../../petl/convpass.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import { initialise } from '../../tensor/parameters.ts';
import { type Tensor, tf } from '../../tensor/tf.ts';
import { type Comparison, compareExactly, largestMagnitude } from './compare.ts';

const schema = z.object({
  method: z.string().regex(/module/),
  /** `cls first, then 14x14`, or the grid alone. */
  tokens: z.string(),
  dim: z.int().min(1),
  bottleneck: z.int().min(1).default(8),
  xavier_init: z.boolean().default(false),
  dropout_off: z.literal(true).optional(),
});

export interface ModuleCase {
  readonly name: string;
  readonly folder: string;
  readonly shape: BlockShape;
  readonly bypass: Bypass;
  /** Whether the original's start has nothing random in its convolution. */
  readonly startsFixed: boolean;
  readonly ignored: readonly string[];
}

const NAME = 'module';
/** Their names of the module's parts, and ours. */
const PARTS = { down: 'adapter_down', conv: 'adapter_conv', up: 'adapter_up' } as const;

/** @returns nothing where the folder is a case of a whole model; @throws PetlVideoError (data) where it is of another module */
export async function readModuleCase(folder: string): Promise<ModuleCase | undefined> {
  const file = path.join(folder, 'case.json');
  // What cannot be read is told of where cases of whole models are read.
  const content: unknown = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  const parsed = schema.safeParse(content);
  if (!parsed.success) return undefined;
  const { method, tokens, dim, bottleneck, xavier_init: xavier } = parsed.data;
  const extents = /(\d+) *x *(\d+)/.exec(tokens);
  if (!method.startsWith('convpass') || extents === null) {
    throw dataError(`a module '${method}' over '${tokens}' is not known`, { at: file });
  }
  const [rows, columns] = extents.slice(1).map(Number) as [number, number];
  const shape = {
    width: dim,
    hidden: 4 * dim,
    stage: 0,
    groups: 1,
    prefix: /cls/.test(tokens) ? 1 : 0,
    grid: { time: 1, rows, columns },
  };
  const bypass = convolutionalBypass(NAME, shape, {
    bottleneck,
    convInit: xavier ? 'xavier' : 'identity',
    temporal: 1,
  });
  return {
    name: path.basename(path.resolve(folder)),
    folder,
    shape,
    bypass,
    startsFixed: !xavier,
    ignored: Object.keys(content as object).filter((key) => !(key in schema.shape)),
  };
}

/** Forward and backward of the module on an engine, held against the original's. */
export async function runModuleCase(
  { folder, bypass, startsFixed }: ModuleCase,
  engine: Engine,
): Promise<Comparison[]> {
  const file = await readSafetensors(path.join(folder, 'expected.safetensors'));
  try {
    const theirs = (name: string): string => {
      const [, part, kind] = name.split('.') as [string, keyof typeof PARTS, string];
      return `${PARTS[part]}.${kind}`;
    };
    const names = bypass.parameters.map(({ name }) => name);
    const state: HostTensors = {};
    for (const name of names) state[name] = await file.read(`param.${theirs(name)}`);
    const [input, gradOutput] = [await file.read('input'), await file.read('grad_output')];
    const session = await engine.open(
      Object.fromEntries(
        bypass.parameters.map(({ name, shape }) => [name, { shape, dtype: 'float32' as const, frozen: false }]),
      ),
    );
    try {
      await session.load(state);
      const outputs = await (await session.compile(moduleStep(bypass, input, names))).run({ input, gradOutput });
      const compare = async (name: string, original: string): Promise<Comparison> => {
        const expected = await file.read(original);
        return compareExactly(name, outputs[name]?.data, expected.data, largestMagnitude([expected]));
      };
      const compared = [await compare('output', 'output'), await compare('grad.input', 'grad_input')];
      for (const name of names) compared.push(await compare(`grad.${name}`, `grad.${theirs(name)}`));
      if (startsFixed) compared.push(...(await compareStart(bypass, names, theirs, file)));
      return compared;
    } finally {
      session.dispose();
    }
  } finally {
    await file.close();
  }
}

function moduleStep(bypass: Bypass, input: HostTensor, names: readonly string[]): Step {
  const spec = { shape: input.shape, dtype: 'float32' as const };
  return {
    name: 'module',
    inputs: { input: spec, gradOutput: spec },
    run(state, inputs) {
      let output: Tensor | undefined;
      const scalar = (): Tensor => {
        output = tf.keep(
          bypass.apply(
            inputs.input as Tensor,
            (name) => state[name] as Tensor,
            (small) => small,
          ),
        );
        return tf.sum(tf.mul(output, inputs.gradOutput as Tensor));
      };
      const variables = [inputs.input as Tensor, ...names.map((name) => state[name] as Tensor)];
      const { grads } = tf.engine().gradients(scalar, variables, undefined, true);
      const named = ['input', ...names].map((name, i) => [`grad.${name}`, grads[i] as Tensor]);
      return { state: {}, outputs: { output: output as unknown as Tensor, ...Object.fromEntries(named) } };
    },
  };
}

async function compareStart(
  bypass: Bypass,
  names: readonly string[],
  theirs: (name: string) => string,
  file: Awaited<ReturnType<typeof readSafetensors>>,
): Promise<Comparison[]> {
  const start = initialise(bypass.parameters, 0);
  const compared: Comparison[] = [];
  for (const name of names) {
    if (!file.specs.has(`init.${theirs(name)}`)) continue;
    const expected = await file.read(`init.${theirs(name)}`);
    compared.push(compareExactly(`init.${name}`, start[name]?.data, expected.data, 0));
  }
  return compared;
}
