/** What a golden case brings, in our names and layouts. */
import path from 'node:path';
import { weightsError } from '../../errors/index.ts';
import { readSafetensors, type SafetensorsFile } from '../../formats/safetensors.ts';
import { openTorchCheckpoint } from '../../formats/torch-checkpoint.ts';
import { type MappedTensor, mapCheckpoint } from '../../model/checkpoint-names.ts';
import type { Classifier } from '../../petl/classifier.ts';
import { float32, type HostTensor, type HostTensors } from '../../tensor/host.ts';
import type { GoldenCase } from './golden-case.ts';

export interface CaseData {
  /** Starting values from the case's checkpoint. */
  readonly start: HostTensors;
  /** [B, T, H, W, 3], normalised already. */
  readonly clips: HostTensor;
  readonly labels: Int32Array;
  /** What the original computed: `logits_eval`, `features`, `logits_train`, `grad.<name>`, `after.<name>`. */
  readonly expected: ReadonlyMap<string, HostTensor>;
  readonly losses: Float64Array;
  /** Names of expected gradients and parameters that our model does not train. */
  readonly surplus: readonly string[];
}

/** @throws PetlVideoError (weights) when the checkpoint does not hold exactly this model, or a file lacks a tensor */
export async function readCaseData(golden: GoldenCase, model: Classifier): Promise<CaseData> {
  const { tensors, mapped } = await readStart(golden, model);
  const file = await readSafetensors(path.join(golden.folder, 'expected.safetensors'));
  try {
    const expected = new Map<string, HostTensor>();
    for (const name of ['logits_eval', 'logits_train']) expected.set(name, await file.read(name));
    expected.set('features', pooled(await file.read('features'), golden));
    const left = new Set([...file.specs.keys()].filter((name) => /^(grad|after)\./.test(name)));
    for (const kind of ['grad', 'after']) {
      for (const { name } of model.trained) {
        const { from, build } = mapped.find((tensor) => tensor.name === name) as MappedTensor;
        const parts = from.map((part) => `${kind}.${part}`);
        if (!parts.every((part) => left.delete(part))) continue;
        expected.set(`${kind}.${name}`, build(await Promise.all(parts.map((part) => file.read(part)))));
      }
    }
    return {
      start: tensors,
      clips: await readClips(file, golden),
      labels: Int32Array.from((await file.read('labels')).data),
      expected,
      losses: await readLosses(file),
      surplus: [...left],
    };
  } finally {
    await file.close();
  }
}

/** Features as the head takes them; a case may give those of all tokens, [B, N, D], of which the head takes the class token. */
function pooled(features: HostTensor, { vit }: GoldenCase): HostTensor {
  const [batch, tokens, width] = features.shape as [number, number, number?];
  if (width === undefined || vit.pool !== 'cls') return features;
  const first = Float32Array.from({ length: batch * width }, (_, at) => {
    const row = Math.floor(at / width);
    return features.data[row * tokens * width + (at % width)] as number;
  });
  return float32([batch, width], first);
}

/** float64 as the cases have them; a case that stores float32 is read too. */
async function readLosses(file: SafetensorsFile): Promise<Float64Array> {
  if (file.specs.get('losses')?.dtype === 'F64') return file.readFloat64('losses');
  return Float64Array.from((await file.read('losses')).data);
}

async function readStart(
  golden: GoldenCase,
  model: Classifier,
): Promise<{ tensors: HostTensors; mapped: readonly MappedTensor[] }> {
  const file = path.join(golden.folder, 'checkpoint.pth');
  const checkpoint = await openTorchCheckpoint(file);
  try {
    const mapping = mapCheckpoint(checkpoint.specs, { heads: golden.vit.heads });
    const tensors: HostTensors = {};
    for (const { name, shape } of [...model.frozen, ...model.trained, ...model.buffers]) {
      const source = mapping.tensors.find((tensor) => tensor.name === name);
      if (source === undefined) throw weightsError(`the checkpoint has no ${name}`, { at: file });
      const tensor = source.build(await Promise.all(source.from.map((from) => checkpoint.read(from))));
      if (`${tensor.shape}` !== `${shape}`) {
        throw weightsError(`${name} is [${tensor.shape}], not [${shape}]`, { at: file });
      }
      tensors[name] = tensor;
    }
    const left = mapping.tensors.map(({ name }) => name).filter((name) => !(name in tensors));
    const unexpected = [...mapping.unexpected, ...left];
    if (unexpected.length > 0) {
      throw weightsError(`the model has no place for ${unexpected.join(', ')}`, { at: file });
    }
    return { tensors, mapped: mapping.tensors };
  } finally {
    await checkpoint.close();
  }
}

/** `input` [B, 3, T, H, W] or [B, 3, H, W] as clips [B, T, H, W, 3]. */
async function readClips(file: SafetensorsFile, { vit }: GoldenCase): Promise<HostTensor> {
  const { shape, data } = await file.read('input');
  const batch = shape[0] as number;
  const { frames, size } = vit;
  const pixels = frames * size * size;
  if (data.length !== batch * 3 * pixels) {
    throw weightsError(`input [${shape}] is not ${frames} frames of ${size} × ${size} pixels`, { at: file.file });
  }
  const clips = new Float32Array(data.length);
  for (let b = 0; b < batch; b++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let p = 0; p < pixels; p++) {
        clips[(b * pixels + p) * 3 + channel] = data[(b * 3 + channel) * pixels + p] as number;
      }
    }
  }
  return float32([batch, frames, size, size, 3], clips);
}
