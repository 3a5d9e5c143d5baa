/**
 * Our weights files: safetensors of float32 under our names, as `petl-video weights import` writes them. The metadata says
 * which ViT they are, and of which checkpoint they were made:
 *
 *   format         'petl-video weights'
 *   layout         names that the checkpoint had
 *   vit            JSON, WeightsVit with the number of heads
 *   source         base name of the checkpoint
 *   source_sha256  of its bytes
 *   missing        JSON, names that the checkpoint lacked and that were allowed to be missing; absent if none
 */
import { z } from 'zod';
import { weightsError } from '../errors/index.ts';
import { readSafetensors, writeSafetensorsFrom } from '../formats/safetensors.ts';
import type { HostTensor, TensorSpec } from '../tensor/host.ts';
import type { VitOptions } from './options.ts';

export const WEIGHTS_FORMAT = 'petl-video weights';

const REMEDY = 'make it with petl-video weights import';

const vitSchema = z.object({
  width: z.int().positive(),
  depth: z.int().positive(),
  heads: z.int().positive(),
  patch: z.int().positive(),
  tubelet: z.int().positive(),
  mlpRatio: z.number().positive(),
  bias: z.enum(['qv', 'qkv']),
  clsToken: z.boolean(),
  positions: z.enum(['sincos', 'learned']),
  pool: z.enum(['mean', 'cls']),
});

const metadataSchema = z.object({
  layout: z.string(),
  vit: json(vitSchema),
  source: z.string(),
  source_sha256: z.string(),
  missing: json(z.array(z.string())).default([]),
});

function json<T extends z.ZodType>(schema: T) {
  const parsed = z.string().transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('no JSON');
      return z.NEVER;
    }
  });
  return parsed.pipe(schema);
}

export interface WeightsMetadata {
  readonly layout: string;
  readonly vit: z.output<typeof vitSchema>;
  /** Base name of the checkpoint that was imported. */
  readonly source: string;
  readonly sourceSha256: string;
  /** Tensors of the ViT that the checkpoint lacked. */
  readonly missing: readonly string[];
}

/** What a weights file fixes of a ViT, out of its options. */
export function weightsVitOf(vit: VitOptions): WeightsMetadata['vit'] {
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = vit;
  return { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool };
}

export interface WeightsFile {
  readonly file: string;
  readonly metadata: WeightsMetadata;
  readonly specs: ReadonlyMap<string, TensorSpec>;
  read(name: string): Promise<HostTensor>;
  close(): Promise<void>;
}

/**
 * Opens a weights file; tensors are read when asked for.
 *
 * @throws weights error when the file is missing, truncated, foreign, or holds other numbers than float32
 */
export async function readWeights(file: string): Promise<WeightsFile> {
  const source = await readSafetensors(file, { foreign: REMEDY });
  try {
    const specs = new Map<string, TensorSpec>();
    for (const [name, { shape, dtype }] of source.specs) {
      if (dtype !== 'F32') throw weightsError(`tensor '${name}' is ${dtype}, not F32`, { at: file, remedy: REMEDY });
      specs.set(name, { shape, dtype: 'float32' });
    }
    return {
      file,
      metadata: parseMetadata(source.metadata, file),
      specs,
      read: (name) => source.read(name),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** @throws weights error when the metadata are not those of a weights file of ours */
export function parseMetadata(metadata: ReadonlyMap<string, string>, file: string): WeightsMetadata {
  if (metadata.get('format') !== WEIGHTS_FORMAT) {
    const format = metadata.get('format');
    const what = format === undefined ? '' : `; its format is '${format}'`;
    throw weightsError(`this safetensors file is no weights file of petl-video${what}`, { at: file, remedy: REMEDY });
  }
  const parsed = metadataSchema.safeParse(Object.fromEntries(metadata));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw weightsError(`the metadata of the weights file is damaged: ${issue?.path.join('.')}: ${issue?.message}`, {
      at: file,
      remedy: REMEDY,
    });
  }
  const { source_sha256: sourceSha256, ...rest } = parsed.data;
  return { ...rest, sourceSha256 };
}

/** Writes a weights file, one tensor after another as `make` gives them. */
export async function writeWeights(
  file: string,
  specs: ReadonlyMap<string, TensorSpec>,
  make: (name: string) => Promise<HostTensor>,
  metadata: WeightsMetadata,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await writeSafetensorsFrom(file, Object.fromEntries(specs), make, metadataTexts(metadata), options);
}

/** The metadata as a file holds them. */
export function metadataTexts({ layout, vit, source, sourceSha256, missing }: WeightsMetadata): Record<string, string> {
  return {
    format: WEIGHTS_FORMAT,
    layout,
    vit: JSON.stringify(vit),
    source,
    source_sha256: sourceSha256,
    ...(missing.length > 0 ? { missing: JSON.stringify(missing) } : {}),
  };
}
