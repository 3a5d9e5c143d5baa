/** A ViT as a checkpoint of the program that it came from, or of another: what is written, or why it cannot be. */
import { weightsError } from '../../errors/index.ts';
import { writeTorchCheckpoint } from '../../formats/write-torch.ts';
import { listNames } from '../../model/names/summary.ts';
import { metadataTexts, type WeightsMetadata } from '../../model/weights-file.ts';
import type { HostTensor } from '../../tensor/host.ts';
import { adaptformerTarget } from './adaptformer.ts';
import { type Exportable, type Piece, renamed, type Target } from './plan.ts';
import { timmTarget } from './timm.ts';
import { videomaeTarget } from './videomae.ts';

export type { Exportable } from './plan.ts';

/** Our own names hold every method; the file says what it is, so that an import knows it again. */
const ours: Target = {
  program: 'petl-video',
  key: 'model',
  unfit: () => [],
  pieces: (name, model) => [renamed(model, name, name)],
  notes: () => [],
};

const TARGETS = {
  adaptformer: adaptformerTarget,
  timm: timmTarget,
  videomae: videomaeTarget,
  'petl-video': ours,
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof TARGETS;
export const TARGET_NAMES = Object.keys(TARGETS) as TargetName[];

export interface CheckpointPlan {
  readonly key: string | undefined;
  readonly pieces: readonly Piece[];
  readonly notes: readonly string[];
  /** Texts beside the tensors. */
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * What a checkpoint of a program will hold.
 *
 * @param about.at what is exported, for errors
 * @param about.metadata what our own checkpoint says of itself
 * @param about.remedy what to do where the program has no place for a tensor
 * @throws weights error when the program cannot build this ViT, or has no place for one of its tensors
 */
export function planCheckpoint(
  name: TargetName,
  model: Exportable,
  about: { readonly at: string; readonly remedy: string; readonly metadata: WeightsMetadata },
): CheckpointPlan {
  const target: Target = TARGETS[name];
  const unfit = target.unfit(model);
  const perFrame = model.vit.attention === 'per-frame' && (model.vit.frames ?? 1) > 1;
  if (perFrame && target !== ours) unfit.push('its attention is per frame');
  if (unfit.length > 0) {
    throw weightsError(`${target.program} has no such ViT: ${unfit.join('; ')}`, {
      at: about.at,
      remedy: 'export it as petl-video, which holds everything, or as the program that its backbone came from',
    });
  }
  const pieces: Piece[] = [];
  const homeless: string[] = [];
  for (const own of model.specs.keys()) {
    const made = target.pieces(own, model);
    if (made === undefined) homeless.push(own);
    else pieces.push(...made);
  }
  if (homeless.length > 0) {
    throw weightsError(
      `${target.program} has no place for ${homeless.length} tensors of this model: ${listNames(homeless)}`,
      { at: about.at, remedy: about.remedy },
    );
  }
  const facts = name === 'petl-video' ? metadataTexts(about.metadata) : {};
  return { key: target.key, pieces, notes: target.notes(model), facts };
}

/**
 * Writes a checkpoint that `torch.load(file, weights_only=True)` reads.
 *
 * @param read gives our tensors
 */
export async function writeCheckpointFile(
  file: string,
  { key, pieces, facts }: CheckpointPlan,
  read: (name: string) => Promise<HostTensor>,
  signal: AbortSignal,
): Promise<void> {
  const byName = new Map(pieces.map((piece) => [piece.name, piece]));
  const make = async (name: string): Promise<HostTensor> => {
    const { from, build } = byName.get(name) as Piece;
    return build(await Promise.all(from.map(read)));
  };
  await writeTorchCheckpoint(file, byName, make, key === undefined ? { signal } : { key, facts, signal });
}
