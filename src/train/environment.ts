/**
 * `environment.json`: where and with what a run was trained, one entry for each time that it was started or resumed. No
 * host's or user's name and no path: runs are handed on.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../formats/write-file.ts';

export const ENVIRONMENT_FILE = 'environment.json';

/** What the process knows of itself. */
export interface Machine {
  /** Of petl-video. */
  readonly version: string;
  /** Of Node. */
  readonly node: string;
  /** `Linux x64`. */
  readonly system: string;
  /** The model of the processor. */
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Of matrix products. */
  readonly precision: string;
  /** The version of ffmpeg. */
  readonly ffmpeg: string;
  /** What decodes videos, as `data.decoder` has it. */
  readonly decoder: string;
}

/** A stretch of training in one process. */
export interface TrainingSession extends Partial<Machine> {
  /** When it began, ISO 8601, UTC. */
  readonly time: string;
  /** Updates that the run had done then. */
  readonly update: number;
  /** `tensorflow: CPU, libtensorflow 2.9.1`. */
  readonly engine: string;
}

export interface RunEnvironment {
  /** In the order of time; a run that was never interrupted has one. */
  readonly sessions: readonly TrainingSession[];
}

/** Undefined where there is none, as in runs of earlier versions, or where it is damaged: nothing depends on it. */
export async function readEnvironment(folder: string): Promise<RunEnvironment | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path.join(folder, ENVIRONMENT_FILE), 'utf8'));
    if (typeof value !== 'object' || value === null || !('sessions' in value)) return undefined;
    return Array.isArray(value.sessions) ? (value as RunEnvironment) : undefined;
  } catch {
    return undefined;
  }
}

/** Adds one to those of the folder. */
export async function noteSession(folder: string, session: TrainingSession): Promise<void> {
  const { sessions = [] } = (await readEnvironment(folder)) ?? {};
  const environment: RunEnvironment = { sessions: [...sessions, session] };
  await writeFileAtomic(path.join(folder, ENVIRONMENT_FILE), `${JSON.stringify(environment, null, 2)}\n`);
}
