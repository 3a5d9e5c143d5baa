/** Features to two dimensions, and the panels that show them: one a run, the top-1 above it. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { usageError } from '../src/errors/index.ts';
import type { SplitFeatures } from '../src/eval/features.ts';
import { nounOf, type Protocol, protocolText } from '../src/eval/protocol.ts';
import { type Panel, panelsFigure } from '../src/figures/panels.ts';
import { pngOf } from '../src/figures/png.ts';
import { svgOf } from '../src/figures/svg.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import type { Thumbnail } from '../src/inference/thumbnails.ts';
import { scatterPage } from '../src/pages/scatter/scatter-page.ts';
import { perplexityFor, tsne, umap } from '../src/projection/index.ts';
import { float32, type HostTensor } from '../src/tensor/host.ts';
import type { Context } from './command.ts';

export interface EmbeddedRun extends SplitFeatures {
  /** What tells it from the others. */
  readonly name: string;
  readonly method: string;
  readonly top1: number;
  readonly protocol: Protocol;
  readonly classes: readonly string[];
}

export type MapKind = 'tsne' | 'umap';

export interface MapOptions {
  readonly maps: readonly MapKind[];
  readonly perplexity: number;
  readonly neighbors: number;
  readonly seed: number;
  /** Classes that are coloured and named. */
  readonly named: number;
  /** Whether the others have a colour too, which nothing explains. */
  readonly colorAll: boolean;
  /** By the ids of videos. */
  readonly pictures: ReadonlyMap<string, Thumbnail> | undefined;
}

export interface WrittenMaps {
  /** Of each run: [n, 2] by the kind of map. */
  readonly points: readonly Readonly<Record<string, HostTensor>>[];
  readonly files: readonly string[];
}

/** @throws PetlVideoError (usage) where the runs cannot stand beside each other: other classes or other videos */
export async function writeMaps(
  runs: readonly EmbeddedRun[],
  out: string,
  options: MapOptions,
  context: Context,
): Promise<WrittenMaps> {
  const points = runs.map((): Record<string, HostTensor> => ({}));
  const files: string[] = [];
  if (options.maps.length === 0) return { points, files };
  requireSameVideos(runs);
  await mkdir(out, { recursive: true });
  for (const kind of options.maps) {
    for (const [i, run] of runs.entries()) {
      const [count, width] = run.features.shape as [number, number];
      const map = await project(
        kind,
        { data: run.features.data as Float32Array, count, width },
        run.name,
        options,
        context,
      );
      (points[i] as Record<string, HostTensor>)[kind] = float32([count, 2], map);
    }
    const maps = points.map((own) => own[kind]?.data as Float32Array);
    files.push(...(await drawMaps(kind, runs, maps, out, options)));
  }
  return { points, files };
}

/** A panel is read against the others: a video has its place in each. */
function requireSameVideos(runs: readonly EmbeddedRun[]): void {
  const [first, ...others] = runs as [EmbeddedRun, ...EmbeddedRun[]];
  for (const run of others) {
    const fault =
      run.classes.join('\n') !== first.classes.join('\n')
        ? 'classes'
        : run.ids.join('\n') !== first.ids.join('\n')
          ? 'videos'
          : undefined;
    if (fault === undefined) continue;
    throw usageError(`${run.name} has other ${fault} than ${first.name}`, {
      remedy: 'draw runs of one data set, fold and split together, the others by themselves',
    });
  }
}

async function project(
  kind: MapKind,
  points: { data: Float32Array; count: number; width: number },
  name: string,
  { perplexity, neighbors, seed }: MapOptions,
  { reporter, signal }: Context,
): Promise<Float32Array> {
  let bar: ReturnType<typeof reporter.progress> | undefined;
  const onProgress = (done: number, total: number): void => {
    bar ??= reporter.progress(`${NAMES[kind]} of ${name}, per cent`, 100);
    bar.update(Math.floor((100 * done) / total));
  };
  try {
    return kind === 'tsne'
      ? await tsne(points, { perplexity, seed, signal, onProgress })
      : await umap(points, { neighbours: neighbors, seed, signal, onProgress });
  } finally {
    bar?.end();
  }
}

const NAMES = { tsne: 't-SNE', umap: 'UMAP' } as const;

async function drawMaps(
  kind: MapKind,
  runs: readonly EmbeddedRun[],
  maps: readonly Float32Array[],
  out: string,
  { perplexity, neighbors, seed, named, colorAll, pictures }: MapOptions,
): Promise<string[]> {
  const [first] = runs as [EmbeddedRun];
  const { classes, ids, protocol } = first;
  const labels = first.labels.data as Int32Array;
  const protocols = new Set(runs.map((run) => protocolText(run.protocol)));
  const taken = Math.round(10 * perplexityFor(ids.length, perplexity)) / 10;
  const setting = kind === 'tsne' ? `perplexity ${taken}` : `${Math.min(neighbors, ids.length)} neighbours`;
  const panels = runs.map((run, i): Panel => {
    const panel = {
      title: run.method,
      subtitle: `top-1 ${(100 * run.top1).toFixed(2)} %`,
      points: maps[i] as Float32Array,
      labels,
    };
    return protocols.size === 1 ? panel : { ...panel, note: protocolText(run.protocol) };
  });
  const noun = nounOf(protocol);
  const heading = `${NAMES[kind]} of the features of ${ids.length} ${noun}s, ${protocol.dataset} ${protocol.split}`;
  const said = [...(protocols.size === 1 ? [...protocols] : []), `${NAMES[kind]}: ${setting}, seed ${seed}`];
  const footnote = `${said.join('. ')}.`;
  const figure = panelsFigure({ panels, classes, heading, footnote, named, colorAll });
  const thumbnails = new Map<number, Thumbnail>();
  for (const [i, id] of ids.entries()) {
    const picture = pictures?.get(id);
    if (picture !== undefined) thumbnails.set(i, picture);
  }
  const page = scatterPage({
    title: heading,
    heading,
    footnote,
    panels: panels.map((panel, i) => ({ ...panel, predictions: runs[i]?.predicted.data as Int32Array })),
    ids,
    labels,
    classes,
    thumbnails,
    noun,
    named,
    colorAll,
  });
  const made = { svg: svgOf(figure), png: await pngOf(figure), html: page };
  const files: string[] = [];
  for (const [extension, content] of Object.entries(made)) {
    const file = path.join(out, `${kind}.${extension}`);
    await writeFileAtomic(file, content);
    files.push(file);
  }
  return files;
}
