/**
 * The folder of a run:
 *
 *   config.yaml         the resolved recipe; it re-runs the run
 *   checkpoint/         state.safetensors: what to resume from
 *   tuned.safetensors   trained parameters and head after the last whole epoch
 *   best.safetensors    the same at the best validation top-1
 *   metrics.jsonl       one line per log interval and per validation
 *   metrics.csv         the same as one table, as of the last validation
 *   events.out.tfevents.…   the same for TensorBoard, with the recipe, the first batch and what is confused with what
 *   first-batch.png     the clips of the first batch, as the model got them
 *   environment.json    where and with what it was trained
 *   log.txt             what was said, with times
 *
 * It appears at once, with its first checkpoint in it, and every file is replaced whole: a kill at any moment leaves a
 * folder that resumes.
 */
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, dataError, messageOf, usageError } from '../errors/index.ts';
import { type EventFile, type Hyperparameters, openEventFile } from '../formats/tensorboard.ts';
import { onDisk, writeFileAtomic } from '../formats/write-file.ts';
import { type Checkpoint, type Counters, checkpointFile, writeCheckpoint } from './checkpoint.ts';
import { METRICS_FILE, type MetricsLine, readMetrics, writeMetricsTable } from './metrics.ts';

export const CONFIG_FILE = 'config.yaml';
export const TUNED_FILE = 'tuned.safetensors';
export const BEST_FILE = 'best.safetensors';
export const FIRST_BATCH_FILE = 'first-batch.png';
const LOG_FILE = 'log.txt';

export interface RunFolder {
  readonly folder: string;
  /** Appends to metrics.jsonl and to TensorBoard's events. */
  metrics(line: MetricsLine): Promise<void>;
  /** Appends to log.txt. */
  log(line: string): Promise<void>;
  /** Writes a file that is not there yet; `make` is called only then. @returns what it made */
  keepFirst(name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array | undefined>;
  /** Adds a PNG to TensorBoard's series `tag`. @throws RangeError where it is none */
  image(tag: string, update: number, png: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * For a new run, before its backbone is read.
 * @throws PetlVideoError (usage) when the folder exists
 */
export async function refuseExisting(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  throw usageError('the folder of the run exists', {
    at: folder,
    remedy: `go on with it (petl-video train --resume ${folder}), remove it, or choose another (--out)`,
  });
}

/**
 * Makes the folder of a new run, with its recipe and first checkpoint.
 * @throws PetlVideoError (usage) when the folder exists
 */
export async function createRunFolder(
  folder: string,
  recipe: string,
  first: Checkpoint,
  hyperparameters: Hyperparameters = {},
): Promise<RunFolder> {
  await refuseExisting(folder);
  const parent = path.dirname(path.resolve(folder));
  await removeUnfinished(parent, path.basename(folder));
  const making = path.join(parent, `.${path.basename(folder)}.${process.pid}.tmp`);
  try {
    await onDisk(folder, () => mkdir(path.join(making, 'checkpoint'), { recursive: true }));
    await writeFileAtomic(path.join(making, CONFIG_FILE), recipe);
    await writeCheckpoint(making, first);
    await onDisk(folder, () => rename(making, folder));
  } catch (error) {
    // Where the folder cannot be made it cannot be removed either, which must not hide why.
    await rm(making, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
  const events = await openEventFile(folder);
  if (Object.keys(hyperparameters).length > 0) events.hyperparameters(hyperparameters);
  events.text('recipe', 0, `~~~yaml\n${recipe}~~~`);
  await events.flush();
  return openFolder(folder, events);
}

/** Folders of the same run that starts before this one were killed over, told from those under way by their process. */
async function removeUnfinished(parent: string, name: string): Promise<void> {
  for (const found of await readdir(parent).catch(() => [])) {
    const pid = found.startsWith(`.${name}.`) ? /\.(\d+)\.tmp$/.exec(found)?.[1] : undefined;
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(path.join(parent, found), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, for another user.
    return codeOf(error) === 'EPERM';
  }
}

/** Opens the folder of a run to go on with it: forgets what was logged after its checkpoint, removes half-written files. */
export async function resumeRunFolder(folder: string, { update, validated }: Counters): Promise<RunFolder> {
  for (const place of [folder, path.dirname(checkpointFile(folder))]) {
    for (const name of await readdir(place)) {
      if (name.startsWith('.') && name.endsWith('.tmp')) await rm(path.join(place, name), { force: true });
    }
  }
  const kept = (await readMetrics(folder)).filter(
    (line) => line.update <= update && (line.kind === 'train' || line.epoch <= validated),
  );
  await writeFileAtomic(path.join(folder, METRICS_FILE), kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await writeMetricsTable(folder);
  return openFolder(folder, await openEventFile(folder, { resumedAt: update }));
}

/** The recipe that a run was started with. @throws PetlVideoError (data) when there is no run in the folder */
export async function readRunRecipe(folder: string): Promise<string> {
  try {
    return await readFile(path.join(folder, CONFIG_FILE), 'utf8');
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';
    const what = missing ? 'is missing' : `cannot be read: ${messageOf(error)}`;
    throw dataError(`no run here: ${CONFIG_FILE} ${what}`, {
      at: folder,
      remedy: 'give the folder that petl-video train made',
      cause: error,
    });
  }
}

function openFolder(folder: string, events: EventFile): RunFolder {
  const append = (name: string, text: string): Promise<void> => {
    const file = path.join(folder, name);
    return onDisk(file, () => appendFile(file, text));
  };
  return {
    folder,
    async metrics(line) {
      await append(METRICS_FILE, `${JSON.stringify(line)}\n`);
      const { kind, update, ...facts } = line;
      for (const [name, value] of Object.entries(facts)) {
        if (typeof value === 'number') events.scalar(`${kind}/${name}`, update, value);
      }
      await events.flush();
      if (kind === 'validation') await writeMetricsTable(folder);
    },
    log: (line) => append(LOG_FILE, `${new Date().toISOString()} ${line}\n`),
    async keepFirst(name, make) {
      const file = path.join(folder, name);
      if (await exists(file)) return undefined;
      const made = await make();
      await writeFileAtomic(file, made);
      return made;
    },
    async image(tag, update, png) {
      events.image(tag, update, png);
      await events.flush();
    },
    close: () => events.close(),
  };
}

async function exists(folder: string): Promise<boolean> {
  try {
    await stat(folder);
    return true;
  } catch {
    return false;
  }
}
