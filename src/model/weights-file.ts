/**
 * Our weights files: safetensors of float32 under our names, as `petl-video weights import` writes them. The metadata says
 * which ViT or Swin they are, and of which checkpoint they were made:
 *
 *   format         'petl-video weights'
 *   layout         names that the checkpoint had
 *   vit            JSON, WeightsVit with the number of heads; or
 *   swin           JSON, WeightsSwin
 *   source         base name of the checkpoint
 *   source_sha256  of its bytes
 *   missing        JSON, names that the checkpoint lacked and that were allowed to be missing; absent if none
 */
import { z } from 'zod';
import { weightsError } from '../errors/index.ts';
import { readSafetensors, writeSafetensorsFrom } from '../formats/safetensors.ts';
import type { HostTensor, TensorSpec } from '../tensor/host.ts';
import { type BackboneOptions, isSwin } from './backbone.ts';
import type { WeightsSwin } from './names/swin-source.ts';

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

const stages = z.array(z.int().positive()).min(1);
const swinSchema = z.object({
  width: z.int().positive(),
  depths: stages,
  heads: stages,
  patch: z.int().positive(),
  window: z.int().positive(),
  mlpRatio: z.number().positive(),
});

const origin = {
  layout: z.string(),
  source: z.string(),
  source_sha256: z.string(),
  missing: json(z.array(z.string())).default([]),
};
const vitMetadata = z.object({ ...origin, vit: json(vitSchema) });
const swinMetadata = z.object({ ...origin, swin: json(swinSchema) });

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

/** Of a ViT, with its heads. */
export type VitWeights = z.output<typeof vitSchema>;

export interface WeightsMetadata {
  readonly layout: string;
  readonly vit: VitWeights | WeightsSwin;
  /** Base name of the checkpoint that was imported. */
  readonly source: string;
  readonly sourceSha256: string;
  /** Tensors of the backbone that the checkpoint lacked. */
  readonly missing: readonly string[];
}

/** What a weights file fixes of a backbone, out of its options. */
export function weightsVitOf(backbone: BackboneOptions): WeightsMetadata['vit'] {
  if (isSwin(backbone)) {
    const { width, depths, heads, patch, window, mlpRatio } = backbone;
    return { width, depths, heads, patch, window, mlpRatio };
  }
  const { width, depth, heads, patch, tubelet, mlpRatio, bias, clsToken, positions, pool } = backbone;
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
  const schema = metadata.has('swin') ? swinMetadata : vitMetadata;
  const parsed = schema.safeParse(Object.fromEntries(metadata));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw weightsError(`the metadata of the weights file is damaged: ${issue?.path.join('.')}: ${issue?.message}`, {
      at: file,
      remedy: REMEDY,
    });
  }
  const { layout, source, source_sha256: sourceSha256, missing } = parsed.data;
  const vit = 'swin' in parsed.data ? parsed.data.swin : parsed.data.vit;
  return { layout, vit, source, sourceSha256, missing };
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
    ['window' in vit ? 'swin' : 'vit']: JSON.stringify(vit),
    source,
    source_sha256: sourceSha256,
    ...(missing.length > 0 ? { missing: JSON.stringify(missing) } : {}),
  };
}
