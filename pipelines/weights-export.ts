/** `petl-video weights export`: a run or a weights file as a checkpoint that PyTorch and the papers' programs load. */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { usageError } from '../src/errors/index.ts';
import {
  type Exportable,
  planCheckpoint,
  TARGET_NAMES,
  type TargetName,
  writeCheckpointFile,
} from '../src/export/checkpoint/index.ts';
import { elements } from '../src/formats/stored-tensor.ts';
import { onDisk } from '../src/formats/write-file.ts';
import { type ReadRun, readRun } from '../src/inference/open-runs.ts';
import { isSwin } from '../src/model/backbone.ts';
import { fingerprint } from '../src/model/fingerprint.ts';
import { readWeights, type WeightsMetadata, weightsVitOf } from '../src/model/weights-file.ts';
import { methodOf } from '../src/petl/index.ts';
import type { HostTensor } from '../src/tensor/host.ts';
import { BEST_FILE, TUNED_FILE } from '../src/train/run-folder.ts';
import type { Command, Options } from './command.ts';
import { oneOf } from './one-of.ts';

export const weightsExport: Command = {
  name: 'weights export',
  summary: 'Write a run or weights file as a torch checkpoint, named as another program has it',
  arguments: [{ name: '<from>', description: 'folder of a run, or a file of weights import' }],
  options: [
    { flags: '--as <program>', description: `whose names: ${TARGET_NAMES.join(', ')}` },
    { flags: '--out <file>', description: 'the .pth file to write; torch.load(file, weights_only=True) reads it' },
    { flags: '--weights <which>', description: 'of a run: last, or best on the validation split', default: 'last' },
  ],
  examples: [
    'petl-video weights export runs/hmdb51-adaptformer-vit-b --as adaptformer --out adaptformer-hmdb51.pth',
    'petl-video weights export runs/cifar100-linear --as timm --out vit-b-cifar100.pth',
  ],
  async run([from], options, { reporter, signal }) {
    const given = from as string;
    const { as, out } = readOptions(given, options);
    const source = (await isFolder(given))
      ? sourceOfRun(given, await readRun(given, options.weights as string))
      : await sourceOfFile(given);
    try {
      const plan = planCheckpoint(as, source.model, source);
      await onDisk(out, () => mkdir(path.dirname(out), { recursive: true }));
      await writeCheckpointFile(out, plan, source.read, signal);
      const numbers = plan.pieces.reduce((sum, { shape }) => sum + elements(shape), 0);
      const notes = [...source.notes, ...plan.notes];
      const under = plan.key === undefined ? '' : `, under '${plan.key}'`;
      const written = `${plan.pieces.length} tensors, ${numbers.toLocaleString('en')} numbers${under}`;
      const text = [`${source.at} → ${out}`, `as          ${as}`, `written     ${written}`];
      reporter.result([...text, ...notes.map((note) => `note        ${note}`)].join('\n'), {
        from: given,
        as,
        out,
        key: plan.key ?? null,
        tensors: plan.pieces.map(({ name, shape, from: parts }) => ({ name, shape, from: parts })),
        numbers,
        notes,
      });
    } finally {
      await source.close();
    }
  },
};

interface Source {
  readonly at: string;
  readonly model: Exportable;
  readonly metadata: WeightsMetadata;
  readonly notes: readonly string[];
  /** What to do where the program has no place for a tensor. */
  readonly remedy: string;
  read(name: string): Promise<HostTensor>;
  close(): Promise<void>;
}

function sourceOfRun(folder: string, { recipe, model, weights, tensors }: ReadRun): Source {
  const { backbone } = model;
  if (isSwin(backbone)) throw noSwin(folder);
  const { name, ...options } = recipe.method;
  const merges = methodOf(name).attach(backbone, options).merge !== undefined;
  const said = Object.entries(options).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return {
    at: `${folder}, ${weights}`,
    model: { vit: backbone, specs: new Map(Object.entries(tensors)) },
    metadata: {
      layout: 'petl-video',
      vit: weightsVitOf(backbone),
      source: `${recipe.name}, ${weights}`,
      sourceSha256: fingerprint(tensors),
      missing: [],
    },
    notes: [`method ${name}${said.length === 0 ? '' : `: ${said.join(', ')}`}`],
    remedy: merges
      ? `fold ${name} into the backbone first (petl-video weights merge ${folder}), and export the merged weights`
      : `export as petl-video: ${name} is no part of a plain ViT and cannot be folded into one`,
    read: async (tensor) => tensors[tensor] as HostTensor,
    close: async () => undefined,
  };
}

async function sourceOfFile(file: string): Promise<Source> {
  if ([TUNED_FILE, BEST_FILE].includes(path.basename(file))) {
    throw usageError('tuned weights are exported with the backbone that they belong to', {
      at: file,
      remedy: `give the folder of the run: ${path.dirname(file)}, and --weights last or best`,
    });
  }
  const weights = await readWeights(file);
  const { vit, source, missing } = weights.metadata;
  if ('window' in vit) {
    await weights.close();
    throw noSwin(file);
  }
  return {
    at: file,
    model: { vit, specs: weights.specs },
    metadata: weights.metadata,
    notes: [`made of ${source}`, ...(missing.length > 0 ? [`it lacked ${missing.join(', ')}`] : [])],
    remedy: 'export as petl-video, which holds every tensor',
    read: weights.read,
    close: weights.close,
  };
}

function noSwin(at: string): Error {
  return usageError('a Swin Transformer cannot be exported to these programs', {
    at,
    remedy: 'the safetensors file itself is read by the safetensors library of PyTorch',
  });
}

async function isFolder(place: string): Promise<boolean> {
  return stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function readOptions(from: string, { as, out }: Options): { as: TargetName; out: string } {
  if (typeof out !== 'string') throw usageError('--out <file> is missing', { remedy: 'name the file to write' });
  if (path.resolve(out) === path.resolve(from)) throw usageError('--out names what is read', { at: out });
  if (as !== undefined) return { as: oneOf('--as', String(as), TARGET_NAMES), out };
  throw usageError('--as <program> is missing', { remedy: `choose from ${TARGET_NAMES.join(', ')}` });
}
