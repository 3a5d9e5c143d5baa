/** `petl-video prepare`: from a data set as it was downloaded to manifests that training can trust. */
import path from 'node:path';
import type { DatasetDefinition, Task } from '../datasets/dataset.ts';
import { DATASETS } from '../datasets/index.ts';
import { dataError, isDataError, type PetlVideoError, usageError } from '../src/errors/index.ts';
import { nearest } from '../src/errors/nearest.ts';
import type { Command, Options } from './command.ts';
import { COPY_OPTIONS } from './prepare-copies.ts';
import { official, prepareOne, type Result } from './prepare-one.ts';
import { listOptions, text, whatIsAsked } from './prepare-options.ts';

const NAMES = DATASETS.map((dataset) => dataset.name);
const FAMILIES = DATASETS.filter((dataset) => dataset.tasks !== undefined).map((dataset) => dataset.name);

export const prepare: Command = {
  name: 'prepare',
  summary: 'Unpack a data set, read every video or image of it once and write its manifests',
  arguments: [{ name: '<dataset>', description: NAMES.join(', ') }],
  options: [
    { flags: '--source <folder>', description: 'what you downloaded, or your own videos' },
    { flags: '--out <folder>', description: 'where to write the manifests' },
    { flags: '--annotations <folder>', description: 'the official lists, where they are not below the source' },
    {
      flags: '--csv <file>',
      description: 'folder: lines `path,label` or `path,label,split` in place of class folders',
    },
    {
      flags: '--validation-per-class <n>',
      description: 'folder, cifar, svhn: keep the last n training files of each class for validation',
    },
    {
      flags: '--validation-fraction <f>',
      description: 'the same as a fraction of each class (default 0.2 for a folder without splits)',
    },
    { flags: '--task <name>', description: `${FAMILIES.join(', ')}: only this of the data sets that are there` },
    { flags: '--name <name>', description: "folder: what to call the data set (default: the folder's name)" },
    { flags: '--jobs <n>', description: 'files to read at once (default: one for each core)' },
    { flags: '--limit <n>', description: 'only so many files of each split, to try things out' },
    { flags: '--videos <folder>', description: 'where archives are unpacked to (default: videos or images in --out)' },
    { flags: '--no-unpack', description: 'leave archives alone: what is needed lies unpacked already' },
    {
      flags: '--shard <i/n>',
      description: 'only the i-th of n parts: for n machines that share a disk, at once or one after the other',
    },
    { flags: '--merge', description: 'when all shards are done: check them and make one data set of them' },
    ...COPY_OPTIONS,
    { flags: '--dry-run', description: 'say what is listed and what is there, and read nothing' },
  ],
  examples: [
    'petl-video prepare hmdb51 --source ~/Downloads/hmdb51 --out data/hmdb51',
    'petl-video prepare ssv2 --source ~/ssv2 --annotations ~/ssv2-labels --out data/ssv2',
    'petl-video prepare folder --source ~/tennis --out data/tennis --validation-per-class 13',
    'petl-video prepare kinetics400 --source /data/k400 --dry-run',
    'petl-video prepare kinetics400 --source /data/k400 --out /data/k400-prepared --shard 2/8',
    'petl-video prepare kinetics400 --source /data/k400 --out /data/k400-prepared --merge',
    'petl-video prepare ssv2 --source ~/ssv2 --out data/ssv2-packed --jpeg',
    'petl-video prepare cifar100 --source ~/Downloads --out data/cifar100',
    'petl-video prepare vtab1k --source ~/vtab-1k --out data/vtab1k --task svhn',
  ],
  async run([name], options, context) {
    const definition = findDataset(name as string);
    const source = text(options, 'source');
    if (source === undefined) {
      throw usageError('--source is missing', {
        remedy: `give the folder with ${definition.download}${official(definition) ? `, from ${definition.homepage}` : ''}`,
      });
    }
    const asked = whatIsAsked(definition, source, options, context);
    if (definition.tasks === undefined) {
      if (text(options, 'task') !== undefined) {
        throw usageError(`--task is no option for ${definition.name}`, { remedy: `it is for ${FAMILIES.join(', ')}` });
      }
      const { words, json } = await prepareOne(asked);
      context.reporter.result(words, json);
      return;
    }
    const tasks = await tasksOf(definition, definition.tasks, source, options, context.signal);
    const results = new Map<string, Result>();
    const failures = new Map<string, PetlVideoError>();
    for (const task of tasks) {
      const place = text(options, 'out');
      const out = place === undefined ? {} : { out: path.join(place, task.name) };
      const own = whatIsAsked(task.definition, task.source, { ...options, ...out }, context);
      try {
        results.set(task.name, await prepareOne({ ...own, ffmpeg: asked.ffmpeg }));
      } catch (thrown) {
        // One that is damaged does not keep the others from being prepared.
        if (!isDataError(thrown)) throw thrown;
        failures.set(task.name, thrown);
        context.reporter.warn(`${task.name} could not be prepared: ${thrown.what}`);
      }
    }
    if (results.size > 0) {
      const words = [...results.values()].map((result) => result.words).join('\n\n');
      const json = Object.fromEntries([...results].map(([task, result]) => [task, result.json]));
      context.reporter.result(words, { tasks: json });
    }
    refuseFailures(failures, tasks.length);
  },
};

/** @throws data error that tells the first failure and names the others */
function refuseFailures(failures: ReadonlyMap<string, PetlVideoError>, tasks: number): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  const [name, { what, at, remedy, cause }] = first;
  const more = others.length === 0 ? '' : `, and neither could ${others.map(([other]) => other).join(', ')}`;
  throw dataError(`${failures.size} of ${tasks} could not be prepared: ${name}: ${what}${more}`, {
    ...(at === undefined ? {} : { at }),
    ...(remedy === undefined ? {} : { remedy }),
    cause,
  });
}

/** The data sets of a family that are to be prepared: all that are there, or the one that is named. */
async function tasksOf(
  definition: DatasetDefinition,
  find: NonNullable<DatasetDefinition['tasks']>,
  source: string,
  options: Options,
  signal: AbortSignal,
): Promise<readonly Task[]> {
  const tasks = await find(source, { ...listOptions(definition, options), signal });
  const wanted = text(options, 'task');
  if (wanted === undefined) return tasks;
  const found = tasks.filter((task) => task.name === wanted);
  if (found.length > 0) return found;
  const names = tasks.map((task) => task.name);
  const meant = nearest(wanted, names);
  throw usageError(
    `${definition.name} has no task ${wanted} there${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    {
      at: source,
      remedy: `what is there: ${names.join(', ')}`,
    },
  );
}

function findDataset(name: string): DatasetDefinition {
  const found = DATASETS.find((dataset) => dataset.name === name);
  if (found !== undefined) return found;
  const meant = nearest(name, NAMES);
  throw usageError(`there is no data set ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`, {
    remedy: `the data sets are ${NAMES.join(', ')}; folder takes your own videos`,
  });
}
