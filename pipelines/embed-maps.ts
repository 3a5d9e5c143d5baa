/** Features to two dimensions, and the panels that show them: one a run, the top-1 above it. */
import path from 'node:path';
import type { SplitFeatures } from '../src/eval/features.ts';
import { nounOf, type Protocol, protocolText } from '../src/eval/protocol.ts';
import { type Panel, panelsFigure } from '../src/figures/panels.ts';
import { pngOf } from '../src/figures/png.ts';
import { svgOf } from '../src/figures/svg.ts';
import { writeFileAtomic } from '../src/formats/write-file.ts';
import type { Thumbnail } from '../src/inference/thumbnails.ts';
import { scatterPage } from '../src/pages/scatter/scatter-page.ts';
import { perplexityFor, tsne, umap } from '../src/projection/index.ts';
import { float32, type HostTensor, int32 } from '../src/tensor/host.ts';
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

/** @param runs of one split: see `requireOneSplit` */
export async function writeMaps(
  runs: readonly EmbeddedRun[],
  out: string,
  options: MapOptions,
  context: Context,
): Promise<WrittenMaps> {
  const points = runs.map((): Record<string, HostTensor> => ({}));
  const files: string[] = [];
  if (options.maps.length === 0) return { points, files };
  const shown = runs.map((run) => rowsInAll(run, runs));
  const left = Math.max(...runs.map(({ ids }, i) => ids.length - (shown[i] as number[]).length));
  if (left > 0) context.reporter.warn(`${left} videos could not be decoded for every run, and are not drawn`);
  const drawn = runs.map((run, i) => selected(run, shown[i] as number[]));
  for (const kind of options.maps) {
    const maps: Float32Array[] = [];
    for (const [i, { features, name }] of drawn.entries()) {
      const [count, width] = features.shape as [number, number];
      const map = await project(kind, { data: features.data as Float32Array, count, width }, name, options, context);
      maps.push(map);
      (points[i] as Record<string, HostTensor>)[kind] = spread(map, shown[i] as number[], (runs[i] as EmbeddedRun).ids);
    }
    files.push(...(await drawMaps(kind, drawn, maps, out, options)));
  }
  return { points, files };
}

/** The rows of the videos that every run has. */
function rowsInAll({ ids }: EmbeddedRun, runs: readonly EmbeddedRun[]): number[] {
  const others = runs.map((run) => new Set(run.ids));
  return ids.flatMap((id, row) => (others.every((known) => known.has(id)) ? [row] : []));
}

function selected(run: EmbeddedRun, rows: readonly number[]): EmbeddedRun {
  if (rows.length === run.ids.length) return run;
  const { ids, labels, predicted, features } = run;
  const width = features.shape[1] as number;
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) data.set(features.data.subarray(row * width, (row + 1) * width), i * width);
  const of = ({ data: all }: HostTensor): HostTensor =>
    int32(
      [rows.length],
      Int32Array.from(rows, (row) => all[row] as number),
    );
  return {
    ...run,
    ids: rows.map((row) => ids[row] as string),
    labels: of(labels),
    predicted: of(predicted),
    features: float32([rows.length, width], data),
  };
}

/** [n, 2], not a number for videos that were not drawn. */
function spread(map: Float32Array, rows: readonly number[], ids: readonly string[]): HostTensor {
  const all = new Float32Array(2 * ids.length).fill(Number.NaN);
  for (const [i, row] of rows.entries()) all.set(map.subarray(2 * i, 2 * i + 2), 2 * row);
  return float32([ids.length, 2], all);
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
