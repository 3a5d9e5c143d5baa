/** `petl-video embed`: the features of a split under each run, as files and as a picture. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { isUsable, type SplitName } from '../src/data/manifest.ts';
import { readDataset, readSplit } from '../src/data/read-dataset.ts';
import { parseViews } from '../src/data/views.ts';
import { usageError } from '../src/errors/index.ts';
import { FEATURE_FORMATS, type FeaturesFile, splitFeatures, writeFeatures } from '../src/eval/features.ts';
import { protocolText } from '../src/eval/protocol.ts';
import { onDisk } from '../src/formats/write-file.ts';
import { type OpenRun, openRuns } from '../src/inference/open-runs.ts';
import { type Thumbnails, thumbnails } from '../src/inference/thumbnails.ts';
import { distinctMethodNames, findRuns, runNames, sharedFolder } from '../src/results/index.ts';
import type { Command, Options } from './command.ts';
import { type EmbeddedRun, writeMaps } from './embed-maps.ts';
import { engineFlags } from './engine-choice.ts';
import { evaluateLoaded, splitOption } from './evaluate.ts';
import { wholeNumber } from './number-option.ts';
import { oneOf } from './one-of.ts';

export const embed: Command = {
  name: 'embed',
  summary:
    'Write the features of a split under each run; with --tsne or --umap, draw them side by side with their top-1',
  arguments: [{ name: '<runs...>', description: 'folders of runs, or folders below which there are some' }],
  options: [
    { flags: '--tsne', description: 't-SNE of each run: tsne.svg, tsne.png and tsne.html' },
    { flags: '--umap', description: 'UMAP of each run: umap.svg, umap.png and umap.html' },
    { flags: '--out <folder>', description: 'where it goes (default: embedding, in the folder that the runs share)' },
    { flags: '--format <name>', description: `of the features: ${FEATURE_FORMATS.join(', ')}`, default: 'npz' },
    { flags: '--split <name>', description: 'split (default: data.validationSplit)' },
    { flags: '--views <KxC>', description: 'segments × crops, as 4x3 (default: eval of the recipe)' },
    { flags: '--weights <which>', description: 'last, or best on the validation split', default: 'last' },
    { flags: '--perplexity <n>', description: 'of t-SNE', default: '30' },
    { flags: '--neighbors <n>', description: 'of UMAP', default: '15' },
    { flags: '--seed <n>', description: 'of t-SNE and UMAP', default: '0' },
    { flags: '--classes <n>', description: 'classes that are coloured and named', default: '20' },
    { flags: '--color-all', description: 'colour the other classes too, as papers do' },
    { flags: '--thumbnails <n>', description: 'videos that the page shows a picture of', default: '2000' },
    ...engineFlags('engine of the recipe'),
  ],
  examples: [
    'petl-video embed runs/hmdb51-adaptformer-vit-b',
    'petl-video embed runs/ssv2-linear runs/ssv2-vpt runs/ssv2-full runs/ssv2-adaptformer --tsne',
    'petl-video embed runs --umap --split test --out figures',
  ],
  async run([places], options, context) {
    const { environment, reporter } = context;
    const format = oneOf('--format', options.format as string, FEATURE_FORMATS);
    const split = splitOption(options);
    const views = options.views === undefined ? undefined : parseViews(options.views as string);
    const drawing = drawingOptions(options);
    const folders = await findRuns(places as readonly string[]);
    const names = runNames(folders);
    const out = (options.out as string | undefined) ?? path.join(sharedFolder(folders), 'embedding');

    const loaded = await openRuns(folders, options.weights as string, options, environment);
    const embedded: EmbeddedRun[] = [];
    const keep = (run: EmbeddedRun, maps: FeaturesFile['maps']): Promise<string> => {
      const file = path.join(out, run.name.replaceAll('/', '-'));
      return writeFeatures(file, format, { ...run, protocol: protocolText(run.protocol), maps });
    };
    const files: string[] = [];
    let pictures: Thumbnails | undefined;
    try {
      const methods = distinctMethodNames(loaded.runs, names);
      if (drawing.maps.length > 0) await requireOneSplit(loaded.runs, split);
      await onDisk(out, () => mkdir(out, { recursive: true }));
      for (const [i, run] of loaded.runs.entries()) {
        const drawn = i === 0 && drawing.maps.length > 0;
        const result = await evaluateLoaded(run, { views, split }, context, (entries) => {
          if (!drawn) return { features: true };
          const taken = thumbnails(run.model.backbone, entries.filter(isUsable).length, drawing.thumbnails);
          pictures = taken;
          return { features: true, onClips: taken.add };
        });
        const { evaluation, protocol, classes } = result;
        const one = {
          name: names[i] as string,
          method: methods[i] as string,
          top1: evaluation.top1,
          protocol,
          classes,
          ...splitFeatures(evaluation),
        };
        embedded.push(one);
        // First of all, for it may have taken hours.
        files.push(await keep(one, {}));
      }
    } finally {
      loaded.dispose();
    }
    const maps = await writeMaps(embedded, out, { ...drawing, pictures: await pictures?.all() }, context);
    if (drawing.maps.length > 0) {
      for (const [i, run] of embedded.entries()) await keep(run, maps.points[i] as FeaturesFile['maps']);
    }
    const written = [...files, ...maps.files];
    const shape = embedded.map(({ name, features }) => `${name}: ${features.shape.join(' × ')} features`);
    reporter.result([...shape, ...written].join('\n'), {
      runs: embedded.map(({ name, method, top1, protocol, features }, i) => ({
        ...{ run: folders[i], name, method, top1, protocol: { ...protocol, text: protocolText(protocol) } },
        ...{ videos: features.shape[0], width: features.shape[1], file: files[i] },
      })),
      figures: maps.files,
    });
  },
};

/**
 * A panel is read against the others: a video has its place in each.
 * @throws PetlVideoError (usage) for other classes or other videos
 */
async function requireOneSplit(runs: readonly (OpenRun & { folder: string })[], split?: SplitName): Promise<void> {
  const listed: { folder: string; classes: string; videos: string }[] = [];
  for (const { folder, recipe, metadata } of runs) {
    const { path: place, fold, validationSplit } = recipe.data;
    const entries = await readSplit(place, await readDataset(place), split ?? validationSplit, fold);
    const videos = entries.map(({ id, label }) => `${id}\t${label}`).join('\n');
    listed.push({ folder, classes: metadata.classes.join('\n'), videos });
  }
  const first = listed[0] as (typeof listed)[number];
  for (const other of listed) {
    const what = (['classes', 'videos'] as const).find((key) => other[key] !== first[key]);
    if (what === undefined) continue;
    throw usageError(`${other.folder} has other ${what} than ${first.folder}`, {
      remedy: 'draw runs of one data set, fold and split together, the others by themselves',
    });
  }
}

function drawingOptions(options: Options) {
  const kinds = (['tsne', 'umap'] as const).filter((kind) => options[kind] === true);
  return {
    maps: kinds,
    perplexity: wholeNumber(options, 'perplexity', 2) as number,
    neighbors: wholeNumber(options, 'neighbors', 2) as number,
    seed: wholeNumber(options, 'seed', 0) as number,
    named: wholeNumber(options, 'classes') as number,
    colorAll: options.colorAll === true,
    thumbnails: wholeNumber(options, 'thumbnails', 0) as number,
  };
}
