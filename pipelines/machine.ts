/** What a run's folder says of where it was trained. */
import os from 'node:os';
import type { Recipe } from '../src/config/index.ts';
import type { Machine } from '../src/train/environment.ts';
import type { Ffmpeg } from '../src/video/ffmpeg.ts';
import { version } from './version.ts';

export function machineOf({ engine, data }: Recipe, ffmpeg: Ffmpeg): Machine {
  return {
    version,
    node: process.versions.node,
    system: `${os.type()} ${os.arch()}`,
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    precision: engine.precision,
    ffmpeg: ffmpeg.version,
    decoder: data.decoder,
  };
}
