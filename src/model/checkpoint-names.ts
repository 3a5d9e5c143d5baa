/**
 * From a checkpoint's names to ours. Every tensor of the checkpoint is accounted for: taken, unused for a stated reason, or
 * unexpected; and every tensor that the ViT needs is found, missing, or fresh by design. Nothing is guessed and nothing is
 * silently left at random values.
 *
 * Ours are VideoMAE's names and PyTorch's layouts (out, in): `patch_embed.proj.weight` [D, 3, t, p, p] (t = 1 for images),
 * `blocks.{i}.attn.qkv.weight` [3D, D] with rows q, k, v.
 */
import { weightsError } from '../errors/index.ts';
import { refuseBeyond } from './names/beyond.ts';
import { buildTensor } from './names/build.ts';
import { deriveVit, type WeightsVit } from './names/derive.ts';
import { type Dialect, type Translation, translate, untranslated } from './names/dialect.ts';
import { requireShape } from './names/fit.ts';
import { googleDialect } from './names/google.ts';
import { huggingFaceDialect } from './names/hugging-face.ts';
import { LAYOUTS, type Layout as VitLayout } from './names/layouts.ts';
import type { Layout, MapOptions, MappedTensor, Mapping } from './names/mapping.ts';
import { repositoryDialect } from './names/petl-repositories.ts';
import { detectLayout, type Source, type SourceSpecs, sourceOf } from './names/source.ts';
import { mapSwin } from './names/swin.ts';
import { isSwinCheckpoint, SWIN_LAYOUT_NAMES, type SwinLayout } from './names/swin-source.ts';
import { hasPreLogits, type Part, type Wanted, wantedTensors } from './names/wanted.ts';

export type { WeightsVit } from './names/derive.ts';
export { LAYOUT_NAMES, type Layout, type MapOptions, type MappedTensor, type Mapping } from './names/mapping.ts';
export type { SourceSpecs } from './names/source.ts';
export type { WeightsSwin } from './names/swin-source.ts';
export type { Part } from './names/wanted.ts';

/**
 * Maps a checkpoint's tensors to ours, from names and shapes alone.
 *
 * @throws weights error when the names are of no ViT or Swin that we know, or a shape contradicts the others
 */
export function mapCheckpoint(specs: SourceSpecs, options: MapOptions = {}): Mapping {
  const asked = options.layout === 'auto' ? undefined : options.layout;
  if (isSwinLayout(asked) || isSwinCheckpoint(specs)) return mapSwin(specs, swinLayout(asked, options.at), options);
  const { dialect, words } = dialectOf(specs, asked);
  const source = sourceOf(words.specs, options.at);
  const layout = dialect?.layout ?? asked ?? detectLayout(source);
  refuseBeyond(source, layout);
  const vit = deriveVit(source, layout, options.heads ?? words.heads);
  const all = wantedTensors(source, layout, vit);
  const present = new Set(all.filter(({ from }) => from.some((name) => source.locate(name))).map(({ group }) => group));
  const wanted = all.filter(({ group }) => group === undefined || present.has(group));

  const taken = new Set<string>();
  const tensors: MappedTensor[] = [];
  const missing: { name: string; part: Part; lacks: string[] }[] = [];
  for (const item of wanted) {
    const found = item.from.map((name) => source.locate(name));
    const lacks = item.from
      .filter((_, i) => found[i] === undefined)
      .map((name) => words.original(source.fullName(name)));
    for (const name of found) if (name !== undefined) taken.add(name);
    if (lacks.length > 0) missing.push({ name: item.name, part: item.part, lacks });
    else tensors.push(mappedTensor(item, found as string[], source, words));
  }

  const unused: { name: string; why: string }[] = [];
  const unexpected: string[] = [];
  for (const name of words.specs.keys()) {
    if (taken.has(name)) continue;
    const why = whyUnused(name.slice(source.wrapper.length), layout, vit, source);
    if (why === undefined && asked === 'petl-video') {
      // Known to be ours: what no ViT has is a method's. A run whose method lacks it refuses it.
      const shape = words.specs.get(name)?.shape ?? [];
      const bare = name.slice(source.fullName('').length);
      const item = { name: bare, part: 'tuned' as const, from: [name], partShape: shape, shape, make: 'same' as const };
      tensors.push(mappedTensor(item, [name], source, words));
    } else if (why === undefined) unexpected.push(words.original(name));
    else unused.push({ name: words.original(name), why });
  }
  const fresh = all
    .filter(({ name, group }) => name.startsWith('fc_norm.') && !present.has(group))
    .map(({ name }) => ({
      name,
      why: `a new LayerNorm behind the pooling starts at ${name.endsWith('weight') ? 1 : 0}`,
    }));
  const { note } = LAYOUTS[layout];
  return { layout, vit, tensors, unused, unexpected, missing, fresh, notes: note === undefined ? [] : [note] };
}

const isSwinLayout = (layout: Layout | undefined): layout is Exclude<SwinLayout, VitLayout> =>
  (SWIN_LAYOUT_NAMES as readonly unknown[]).includes(layout);

/** @throws weights error for a layout of ViTs, as the file is a Swin */
function swinLayout(asked: Layout | undefined, at: string | undefined): SwinLayout | undefined {
  if (asked === undefined || asked === 'petl-video' || isSwinLayout(asked)) return asked;
  throw weightsError(`these are the weights of a Swin Transformer, and ${asked} is a layout of ViTs`, {
    at,
    remedy: `leave --layout out, or choose from ${SWIN_LAYOUT_NAMES.join(', ')}`,
  });
}

/** The dialect of the names, unless another layout is asked for, and the names in our words. */
function dialectOf(
  specs: SourceSpecs,
  asked: VitLayout | undefined,
): { dialect: Dialect | undefined; words: Translation } {
  const names = [...specs.keys()];
  const found =
    googleDialect(names) ?? huggingFaceDialect(names, (name) => specs.get(name)?.shape) ?? repositoryDialect(names);
  const dialect = asked === undefined || asked === found?.layout ? found : undefined;
  return { dialect, words: dialect === undefined ? untranslated(specs) : translate(specs, dialect) };
}

function mappedTensor(item: Wanted, from: readonly string[], source: Source, words: Translation): MappedTensor {
  const { name, part, make, partShape } = item;
  for (const found of from) {
    const original = words.original(found);
    const told = original === found ? `'${original}'` : `'${original}', as ${found},`;
    requireShape(told, source.specs.get(found)?.shape ?? [], partShape, source.at);
  }
  const shape = item.shape.includes(-1) ? (source.specs.get(from[0] as string)?.shape ?? []) : item.shape;
  return {
    name,
    part,
    shape,
    from: from.map(words.original),
    build: (parts) =>
      buildTensor(
        name,
        make,
        shape,
        parts.map((tensor, i) => words.view(from[i] as string, tensor)),
      ),
  };
}

function whyUnused(bare: string, layout: VitLayout, vit: WeightsVit, source: Source): string | undefined {
  const listed = LAYOUTS[layout].unused.find(([pattern]) => pattern.test(bare));
  if (listed !== undefined) return listed[1];
  if (/^head\./.test(bare) && hasPreLogits(source)) return 'reads pre_logits, which the classifier here does not have';
  // MAE's fine-tuning deletes `norm` under mean pooling; files that kept it mean nothing by it.
  const keptNorm = vit.pool === 'mean' && vit.clsToken && /^norm\.(weight|bias)$/.test(bare);
  return keptNorm ? 'under mean pooling fc_norm stands in its place' : undefined;
}
