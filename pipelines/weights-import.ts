/** `petl-video weights import`: a published checkpoint becomes a weights file under our names, or nothing at all. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { usageError, weightsError } from '../src/errors/index.ts';
import { hashFile } from '../src/formats/hash-file.ts';
import type { TensorFile } from '../src/formats/stored-tensor.ts';
import { openTensorFile } from '../src/formats/tensor-file.ts';
import { onDisk } from '../src/formats/write-file.ts';
import {
  LAYOUT_NAMES,
  type Layout,
  type MapOptions,
  type MappedTensor,
  type Mapping,
  mapCheckpoint,
  type Part,
  type WeightsVit,
} from '../src/model/checkpoint-names.ts';
import { listNames } from '../src/model/names/summary.ts';
import { parseMetadata, WEIGHTS_FORMAT, writeWeights } from '../src/model/weights-file.ts';
import type { HostTensor } from '../src/tensor/host.ts';
import type { Command, Options } from './command.ts';
import { oneOf } from './one-of.ts';
import { importJson, importText } from './weights-report.ts';

const ALLOWABLE = ['unexpected', 'missing'] as const;
type Allowable = (typeof ALLOWABLE)[number];

export const weightsImport: Command = {
  name: 'weights import',
  summary: 'Turn a checkpoint of VideoMAE, AdaptFormer, MAE, timm, Swin, Hugging Face or Google into a weights file',
  arguments: [
    {
      name: '<file>',
      description: 'torch zip checkpoint (.pth, .pt, .bin), .safetensors or .npz; nothing in it is executed',
    },
  ],
  options: [
    { flags: '--out <file>', description: 'the .safetensors file to write' },
    {
      flags: '--layout <name>',
      description: `names of the checkpoint: auto, ${LAYOUT_NAMES.join(', ')}`,
      default: 'auto',
    },
    { flags: '--heads <n>', description: 'attention heads, where the width is none of the published sizes' },
    { flags: '--keep-head', description: "keep the classifier of the checkpoint's own task" },
    {
      flags: '--allow <kinds>',
      description: 'write in spite of tensors that are unexpected, missing, or both (unexpected,missing)',
    },
  ],
  examples: [
    'petl-video weights import videomae_pretrain_vit_b_1600.pth --out weights/vit-b-k400.safetensors',
    'petl-video weights import mae_pretrain_vit_base.pth --out weights/mae-b.safetensors',
    'petl-video weights import ViT-B_16.npz --out weights/vit-b-in21k.safetensors',
    'petl-video weights import swin_base_patch4_window7_224_22k.pth --out weights/swin-b-in22k.safetensors',
  ],
  async run([file], options, { reporter, signal }) {
    const from = file as string;
    const asked = readOptions(from, options);
    const source = await openTensorFile(from);
    try {
      const whole = mapCheckpoint(source.specs, mapOptions(source, asked));
      const wanted = ({ part }: { readonly part: Part }): boolean => asked.keepHead || part !== 'head';
      const mapping = { ...whole, tensors: whole.tensors.filter(wanted), missing: whole.missing.filter(wanted) };
      const dropped = whole.tensors.filter((tensor) => !wanted(tensor)).map(({ name }) => name);
      const report = (out: string | null): void =>
        reporter.result(importText(from, out, mapping, dropped), importJson(from, out, mapping, dropped));
      const refused = ALLOWABLE.filter((kind) => mapping[kind].length > 0 && !asked.allow.has(kind));
      if (refused.length > 0) {
        report(null);
        throw refusal(from, mapping, refused);
      }
      if (mapping.missing.length > 0) {
        const gaps = listNames(mapping.missing.map(({ name }) => name));
        reporter.warn(`${mapping.missing.length} tensors are MISSING and will not be in ${asked.out}: ${gaps}`);
      }
      if (mapping.unexpected.length > 0) reporter.warn(`left out, unexpected: ${listNames(mapping.unexpected)}`);
      reporter.note(`reading ${from}`);
      await write(source, mapping, asked.out, signal);
      report(asked.out);
    } finally {
      await source.close();
    }
  },
};

async function write(source: TensorFile, mapping: Mapping, out: string, signal: AbortSignal): Promise<void> {
  const byName = new Map(mapping.tensors.map((tensor) => [tensor.name, tensor]));
  const specs = new Map(mapping.tensors.map(({ name, shape }) => [name, { shape, dtype: 'float32' as const }]));
  const make = async (name: string): Promise<HostTensor> => {
    const { from, build } = byName.get(name) as MappedTensor;
    return build(await Promise.all(from.map((part) => source.read(part))));
  };
  const metadata = {
    layout: mapping.layout,
    vit: 'window' in mapping.vit ? mapping.vit : { ...mapping.vit, heads: knownHeads(mapping.vit, source.file) },
    source: path.basename(source.file),
    sourceSha256: await hashFile(source.file, 'sha256', signal),
    missing: mapping.missing.map(({ name }) => name),
  };
  await onDisk(out, () => mkdir(path.dirname(out), { recursive: true }));
  await writeWeights(out, specs, make, metadata, { signal });
}

interface ImportOptions {
  readonly out: string;
  readonly layout: Layout | undefined;
  readonly heads: number | undefined;
  readonly allow: ReadonlySet<Allowable>;
  readonly keepHead: boolean;
}

function readOptions(from: string, options: Options): ImportOptions {
  const { out, layout = 'auto', heads, allow = '', keepHead = false } = options;
  if (typeof out !== 'string') throw usageError('--out <file> is missing', { remedy: 'name the file to write' });
  if (path.resolve(out) === path.resolve(from)) throw usageError('--out names the file that is read', { at: out });
  const count = heads === undefined ? undefined : Number(heads);
  if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
    throw usageError(`--heads ${heads} is no positive whole number`);
  }
  const kinds = String(allow)
    .split(',')
    .filter((kind) => kind !== '');
  const known = oneOf('--layout', String(layout), ['auto', ...LAYOUT_NAMES]);
  return {
    out,
    layout: known === 'auto' ? undefined : known,
    heads: count,
    allow: new Set(kinds.map((kind) => oneOf('--allow', kind.trim(), ALLOWABLE))),
    keepHead: keepHead === true,
  };
}

/** How to map a file: our own say what they are, everybody else's layout is told by the names. */
export function mapOptions(source: TensorFile, asked: Pick<ImportOptions, 'layout' | 'heads'>): MapOptions {
  const ours = source.metadata.get('format') === WEIGHTS_FORMAT;
  const vit = ours ? parseMetadata(source.metadata, source.file).vit : undefined;
  const heads = asked.heads ?? (vit === undefined || 'window' in vit ? undefined : vit.heads);
  return {
    at: source.file,
    layout: asked.layout ?? (ours ? 'petl-video' : 'auto'),
    ...(heads === undefined ? {} : { heads }),
  };
}

function knownHeads(vit: WeightsVit, at: string): number {
  if (vit.heads !== null) return vit.heads;
  throw weightsError(`a width of ${vit.width} does not tell the number of attention heads`, {
    at,
    remedy: 'give the number it was trained with: --heads <n>',
  });
}

function refusal(from: string, mapping: Mapping, refused: readonly Allowable[]): Error {
  const missing = mapping.missing.flatMap(({ lacks }) => lacks);
  const lists = refused.map((kind) =>
    kind === 'missing'
      ? `${mapping.missing.length} tensors of the ${'window' in mapping.vit ? 'Swin' : 'ViT'} are missing (${listNames(missing)})`
      : `${mapping.unexpected.length} tensors are unexpected (${listNames(mapping.unexpected)})`,
  );
  return weightsError(`nothing was written: as ${mapping.layout}, ${lists.join(' and ')}`, {
    at: from,
    remedy: `if the layout was guessed wrong, give --layout; to go on without them, --allow ${refused.join(',')}`,
  });
}
