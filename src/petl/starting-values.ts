/**
 * From a weights file to the starting values of a classifier. Strict, because a backbone that silently stays random is the
 * worst fault that such a program can have: every tensor of the backbone must be in the file with its shape, and nothing in
 * the file may be left over but the norm of the other kind of pooling.
 */
import { weightsError } from '../errors/index.ts';
import { type BackboneOptions, backboneParameters, isSwin } from '../model/backbone.ts';
import { fingerprint } from '../model/fingerprint.ts';
import { adjustmentsFor } from '../model/fit-weights.ts';
import { readWeights, type WeightsFile, type WeightsMetadata } from '../model/weights-file.ts';
import type { HostTensors } from '../tensor/host.ts';
import { initialise, type ParameterSpec } from '../tensor/parameters.ts';
import type { Classifier } from './classifier.ts';

export interface StartingValues {
  /** Frozen, trained and running tensors by name. */
  readonly tensors: HostTensors;
  /** Fingerprint of the frozen ones. */
  readonly backbone: string;
  /** Names taken from the file; none where the backbone is random. */
  readonly loaded: readonly string[];
  /** Names of the file that this classifier has no use for. */
  readonly unused: readonly string[];
  /** In words, what of the file was changed to fit this classifier's clips: `pos_embed resized 14 × 14 → 24 × 24 (bicubic)`. */
  readonly adapted: readonly string[];
}

const OTHER_POOLING = /^(fc_norm|norm)\.(weight|bias)$/;
const SHOWN = 6;

/**
 * @param weights the weights file, or `random` for a backbone drawn from the seed
 * @throws PetlVideoError (weights) when the file does not hold exactly this backbone
 */
export async function startingValues(model: Classifier, weights: string, seed: number): Promise<StartingValues> {
  const specs = [...model.frozen, ...model.trained, ...model.buffers];
  const loaded: HostTensors = {};
  const unused: string[] = [];
  const adapted: string[] = [];
  if (weights !== 'random') {
    const required = new Set(backboneParameters(model.backbone).map(({ name }) => name));
    for (const { name } of model.frozen) required.add(name);
    const file = await readWeights(weights);
    try {
      const { vit } = file.metadata;
      checkKind(vit, model.backbone, weights);
      const adjusted = adjustments(file, model.backbone);
      const shapes = new Map([...file.specs].map(([name, spec]) => [name, adjusted.get(name) ?? spec]));
      const remedy = remedyFor(vit, model.backbone);
      checkShapes(specs, required, shapes, weights, remedy);
      checkHeads(vit, model.backbone, weights);
      const wanted = new Set(specs.map(({ name }) => name));
      const left = [...file.specs.keys()].filter((name) => !wanted.has(name));
      const unexpected = left.filter((name) => !OTHER_POOLING.test(name));
      if (unexpected.length > 0) {
        throw weightsError(`the weights hold ${unexpected.length} tensors that this model has no place for`, {
          at: `${weights}: ${some(unexpected)}`,
          remedy:
            remedy ??
            'make method, head and backbone of the recipe fit; `petl-video weights inspect` shows what the file holds',
        });
      }
      unused.push(...left);
      for (const { name } of specs) {
        if (!file.specs.has(name)) continue;
        const stored = await file.read(name);
        loaded[name] = adjusted.get(name)?.apply(stored) ?? stored;
      }
      adapted.push(...[...adjusted.values()].map(({ text }) => text));
    } finally {
      await file.close();
    }
  }
  const tensors = {
    ...initialise(
      specs.filter(({ name }) => !(name in loaded)),
      seed,
    ),
    ...loaded,
  };
  const frozen = Object.fromEntries(model.frozen.map(({ name }) => [name, tensors[name] as HostTensors[string]]));
  return { tensors, backbone: fingerprint(frozen), loaded: Object.keys(loaded), unused, adapted };
}

/**
 * The same for a classifier beside another over the same backbone, out of that one's frozen tensors.
 * @returns nothing where the other trains a tensor that this one has frozen, which the file alone still has
 */
export function startingValuesFrom(
  model: Classifier,
  other: Classifier,
  tensors: HostTensors,
): Pick<StartingValues, 'tensors' | 'backbone'> | undefined {
  const frozen: HostTensors = {};
  const known = new Set(other.frozen.map(({ name }) => name));
  for (const { name } of model.frozen) {
    const tensor = tensors[name];
    if (tensor === undefined || !known.has(name)) return undefined;
    frozen[name] = tensor;
  }
  return { tensors: frozen, backbone: fingerprint(frozen) };
}

type Found = WeightsMetadata['vit'];

/** What of the file is changed to fit the clips, by name. Nothing of a Swin is. */
function adjustments({ file, metadata: { vit }, specs }: WeightsFile, backbone: BackboneOptions) {
  const all = 'window' in vit || isSwin(backbone) ? [] : adjustmentsFor({ vit, specs }, backbone, file);
  return new Map(all.map((item) => [item.name, item]));
}

/** Before shapes are compared, which would only say that all are others. */
function checkKind(found: Found, backbone: BackboneOptions, at: string): void {
  const isSwinFile = 'window' in found;
  if (isSwinFile !== isSwin(backbone)) {
    const [has, asked] = isSwinFile ? ['Swin Transformer', 'ViT'] : ['ViT', 'Swin Transformer'];
    throw weightsError(`the weights are of a ${has}, not of a ${asked}`, {
      at,
      remedy: `set backbone.model ${isSwinFile ? 'swin' : 'vit'}, or use other weights`,
    });
  }
  if (!isSwinFile || !isSwin(backbone) || found.window === backbone.window) return;
  const [theirs, ours] = [found.window, backbone.window].map((window) => `${window} × ${window}`);
  throw weightsError(
    `the weights are of a Swin Transformer with windows of ${theirs} tokens, not ${ours}: ` +
      `their tables of relative positions have ${(2 * found.window - 1) ** 2} rows, and are not resized`,
    { at, remedy: `set backbone.window ${found.window}, and a data.size that such windows tile` },
  );
}

/** No shape tells the heads of a ViT: others would compute other numbers without a word. A Swin's tables tell them. */
function checkHeads(found: Found, backbone: BackboneOptions, at: string): void {
  if ('window' in found || isSwin(backbone) || found.heads === backbone.heads) return;
  throw weightsError(`the weights are of a ViT with ${found.heads} attention heads, not ${backbone.heads}`, {
    at,
    remedy: `set backbone.size so that it has ${found.heads} heads`,
  });
}

function checkShapes(
  specs: readonly ParameterSpec[],
  required: ReadonlySet<string>,
  found: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  file: string,
  remedy: string | undefined,
): void {
  const missing = specs.filter(({ name }) => required.has(name) && !found.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    throw weightsError(`the weights lack ${missing.length} tensors of the backbone`, {
      at: `${file}: ${some(missing)}`,
      remedy:
        remedy ??
        'make backbone.size, bias, positions and pool fit the file; `petl-video weights inspect` shows what it holds',
    });
  }
  const wrong = specs.flatMap(({ name, shape }) => {
    const stored = found.get(name)?.shape;
    return stored !== undefined && `${stored}` !== `${shape}` ? [`${name} is [${stored}], not [${shape}]`] : [];
  });
  if (wrong.length > 0) {
    throw weightsError(`the weights are of another architecture: ${wrong.length} tensors have other shapes`, {
      at: `${file}: ${some(wrong)}`,
      remedy:
        remedy ??
        'make backbone.size, patch and tubelet of the recipe fit the file; `petl-video weights inspect` shows them',
    });
  }
}

/** The keys of the recipe in which the backbone differs from the file, where it is more than their sizes. */
function remedyFor(vit: WeightsMetadata['vit'], backbone: BackboneOptions): string | undefined {
  if ('window' in vit || isSwin(backbone)) return undefined;
  const keys = ['bias', 'positions', 'clsToken', 'patch', 'tubelet', 'pool'] as const;
  const differ = keys.filter((key) => vit[key] !== backbone[key]);
  // A kernel of one frame fits any tubelet, and any backbone's patches may be averaged.
  const fits = (key: (typeof keys)[number]): boolean =>
    (key === 'tubelet' && (vit.tubelet === 1 || backbone.tubelet === 1)) ||
    (key === 'pool' && backbone.pool === 'mean');
  const set = differ.filter((key) => !fits(key)).map((key) => `backbone.${key}=${vit[key]}`);
  return set.length === 0 ? undefined : `the weights ask for ${set.join(' ')}: set it in the recipe`;
}

function some(names: readonly string[]): string {
  const rest = names.length - SHOWN;
  return names.slice(0, SHOWN).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
