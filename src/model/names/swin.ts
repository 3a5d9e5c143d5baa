/** From a Swin checkpoint's names to ours: `mapCheckpoint` for Swin, as strict. */
import { weightsError } from '../../errors/index.ts';
import { buildTensor } from './build.ts';
import { requireShape } from './fit.ts';
import type { MapOptions, MappedTensor, Mapping } from './mapping.ts';
import type { SourceSpecs } from './source.ts';
import { deriveSwin, type SwinLayout, type SwinSource, swinSource } from './swin-source.ts';
import type { Wanted } from './wanted.ts';

/** By their name without prefix. */
const UNUSED: readonly (readonly [RegExp, string])[] = [
  [/\.attn\.relative_position_index$/, 'follows from the window and is made anew'],
  [/\.attn_mask$/, 'follows from window, shift and picture and is made anew'],
];

/** @throws weights error when the names are of no Swin that we know, or a shape contradicts the others */
export function mapSwin(
  specs: SourceSpecs,
  layout: SwinLayout | undefined,
  { at, heads }: Pick<MapOptions, 'at' | 'heads'>,
): Mapping {
  if (heads !== undefined) {
    throw weightsError('the heads of a Swin Transformer are told by its tables of relative positions', {
      at,
      remedy: 'leave --heads out',
    });
  }
  const source = swinSource(specs, layout, at);
  const { swin, windows } = deriveSwin(source);
  const all = wantedOf(source, swin, windows);
  const hasHead = all.some(({ part, from }) => part === 'head' && source.locate(from[0] as string) !== undefined);
  const taken = new Set<string>();
  const tensors: MappedTensor[] = [];
  const missing: { name: string; part: Wanted['part']; lacks: string[] }[] = [];
  for (const item of all) {
    if (item.part === 'head' && !hasHead) continue;
    const theirs = item.from[0] as string;
    const found = source.locate(theirs);
    if (found === undefined) {
      missing.push({ name: item.name, part: item.part, lacks: [source.prefix + theirs] });
      continue;
    }
    taken.add(found);
    tensors.push(mapped(item, found, source));
  }
  const rest = [...specs.keys()].filter((name) => !taken.has(name));
  const whyUnused = (name: string): string | undefined => UNUSED.find(([pattern]) => pattern.test(name))?.[1];
  return {
    layout: source.layout,
    vit: swin,
    tensors,
    missing,
    unused: rest.flatMap((name) => {
      const why = whyUnused(name);
      return why === undefined ? [] : [{ name, why }];
    }),
    unexpected: rest.filter((name) => whyUnused(name) === undefined),
    fresh: [],
    notes: [],
  };
}

function mapped({ name, part, make, partShape, shape }: Wanted, found: string, source: SwinSource): MappedTensor {
  const stored = source.specs.get(found)?.shape ?? [];
  requireShape(`'${found}'`, stored, partShape, source.at);
  const made = shape.includes(-1) ? stored : shape;
  return { name, part, shape: made, from: [found], build: (parts) => buildTensor(name, make, made, parts) };
}

/** What the Swin consists of under our names. */
function wantedOf(
  source: SwinSource,
  { width: C, depths, heads, patch: p, mlpRatio }: ReturnType<typeof deriveSwin>['swin'],
  windows: readonly number[],
): Wanted[] {
  const own = (name: string, shape: readonly number[]): Wanted => ({
    name,
    part: 'backbone',
    from: [source.theirName(name)],
    partShape: shape,
    shape,
    make: 'same',
  });
  const norm = (name: string, D: number): Wanted[] => [own(`${name}.weight`, [D]), own(`${name}.bias`, [D])];
  const dense = (name: string, outputs: number, inputs: number): Wanted[] => [
    own(`${name}.weight`, [outputs, inputs]),
    own(`${name}.bias`, [outputs]),
  ];
  const kernel = own('patch_embed.proj.weight', [C, 3, 1, p, p]);
  const wanted: Wanted[] = [
    source.layout === 'petl-video' ? kernel : { ...kernel, partShape: [C, 3, p, p], make: 'time axis' },
    own('patch_embed.proj.bias', [C]),
    ...norm('patch_embed.norm', C),
  ];
  let i = 0;
  depths.forEach((depth, stage) => {
    const D = C * 2 ** stage;
    for (let j = 0; j < depth; j++, i++) {
      const at = `blocks.${i}`;
      wanted.push(
        ...norm(`${at}.norm1`, D),
        own(`${at}.attn.relative_position_bias_table`, [
          (2 * (windows[stage] as number) - 1) ** 2,
          heads[stage] as number,
        ]),
        ...dense(`${at}.attn.qkv`, 3 * D, D),
        ...dense(`${at}.attn.proj`, D, D),
        ...norm(`${at}.norm2`, D),
        ...dense(`${at}.mlp.fc1`, D * mlpRatio, D),
        ...dense(`${at}.mlp.fc2`, D, D * mlpRatio),
      );
    }
    if (stage < depths.length - 1) {
      wanted.push(...norm(`merges.${stage}.norm`, 4 * D), own(`merges.${stage}.reduction.weight`, [2 * D, 4 * D]));
    }
  });
  const D = C * 2 ** (depths.length - 1);
  const head = dense('head', -1, D).map((item): Wanted => ({ ...item, part: 'head' }));
  return [...wanted, ...norm('norm', D), ...head];
}
