/** `petl-video weights merge`: a run of a linear method as a run over a plain backbone. */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type Recipe, toYaml } from '../src/config/index.ts';
import { chooseEngine, describeEngine } from '../src/engine/choose.ts';
import { usageError } from '../src/errors/index.ts';
import { mergeModel } from '../src/export/merge.ts';
import { onDisk, writeFileAtomic } from '../src/formats/write-file.ts';
import { engineChoice } from '../src/inference/engine-choice.ts';
import { engineOptions } from '../src/inference/from-recipe.ts';
import { readRun } from '../src/inference/open-runs.ts';
import { fingerprint } from '../src/model/fingerprint.ts';
import { weightsVitOf, writeWeights } from '../src/model/weights-file.ts';
import { writeTunedWeights } from '../src/petl/tuned-weights.ts';
import type { HostTensor, HostTensors } from '../src/tensor/host.ts';
import { CONFIG_FILE, TUNED_FILE } from '../src/train/run-folder.ts';
import type { Command } from './command.ts';
import { engineFlags } from './engine-choice.ts';

const BACKBONE_FILE = 'backbone.safetensors';

export const weightsMerge: Command = {
  name: 'weights merge',
  summary: 'Fold what a linear method trained (ARC, LoRA, SSF, RepAdapter, FacT, BitFit) into the backbone',
  arguments: [{ name: '<run>', description: 'folder of the run' }],
  options: [
    { flags: '--out <folder>', description: 'where to: a run over the merged backbone, with the head that was tuned' },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    ...engineFlags('engine of the recipe').filter(({ flags }) => !flags.startsWith('--precision')),
  ],
  examples: ['petl-video weights merge runs/vtab-cifar-arc --out runs/vtab-cifar-arc-merged'],
  async run([run], options, { environment, reporter }) {
    const from = run as string;
    const { out } = options;
    if (typeof out !== 'string') throw usageError('--out <folder> is missing', { remedy: 'name the folder to write' });
    if (!(await isVacant(out))) {
      throw usageError('the folder exists and is not empty', { at: out, remedy: 'choose another, or empty it' });
    }
    const { recipe, model, metadata, tensors } = await readRun(from, options.weights as string);
    const { name, ...methodOptions } = recipe.method;
    // Both sides of the check in float32, whatever the run was trained in.
    const given = { ...options, precision: 'fp32' };
    const chosen = await chooseEngine(engineChoice({ ...engineOptions(recipe), recompute: false }, given), environment);
    reporter.note(describeEngine(chosen));
    const merged = await mergeModel(model, { name, options: methodOptions }, tensors, chosen.engine);

    const pick = (specs: readonly { readonly name: string }[]): HostTensors =>
      Object.fromEntries(specs.map((spec) => [spec.name, merged.tensors[spec.name] as HostTensor]));
    const frozen = pick(merged.plain.frozen);
    const weights = path.join(out, BACKBONE_FILE);
    const plainRecipe: Recipe = {
      ...recipe,
      name: `${recipe.name}-merged`,
      method: { name: 'linear' },
      backbone: { ...recipe.backbone, weights },
      run: { folder: out },
    };
    await onDisk(out, () => mkdir(out, { recursive: true }));
    const specs = new Map(
      Object.entries(frozen).map(([tensor, { shape }]) => [tensor, { shape, dtype: 'float32' as const }]),
    );
    await writeWeights(weights, specs, async (tensor) => frozen[tensor] as HostTensor, {
      layout: 'petl-video',
      vit: weightsVitOf(model.backbone),
      source: `${recipe.name}, ${name} merged`,
      sourceSha256: metadata.backbone,
      missing: [],
    });
    await writeTunedWeights(path.join(out, TUNED_FILE), pick([...merged.plain.trained, ...merged.plain.buffers]), {
      method: { name: 'linear' },
      classes: metadata.classes,
      backbone: fingerprint(frozen),
      recipe: toYaml(plainRecipe),
      training: { ...metadata.training, merged: name },
    });
    // Last: with it the folder is a run.
    await writeFileAtomic(path.join(out, CONFIG_FILE), toYaml(plainRecipe));
    const text = [
      `${from}, ${name} → ${out}: a plain backbone and its head`,
      `checked     4 random clips: logits differ by ${merged.apart.toExponential(1)} of the largest`,
      `evaluate it petl-video evaluate ${out}`,
    ];
    reporter.result(text.join('\n'), { run: from, method: name, out, backbone: weights, apart: merged.apart });
  },
};

async function isVacant(folder: string): Promise<boolean> {
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw usageError('the folder cannot be written', { at: folder, remedy: 'choose another', cause: error });
  });
  return files.length === 0;
}
