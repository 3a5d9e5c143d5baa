/** What a crew is given, and what its threads say. */
import type { PackedError } from '../errors/packed.ts';
import type { CloserJob } from './closer-job.ts';
import type { DescentJob } from './descent-job.ts';
import type { GramJob } from './gram-job.ts';
import type { SharedMemory } from './kernels.ts';
import type { LayoutJob } from './layout-job.ts';
import type { NeighboursJob } from './neighbours-job.ts';

export type Job = NeighboursJob | CloserJob | DescentJob | GramJob | LayoutJob;

export interface CrewData {
  readonly memory: SharedMemory;
  readonly control: SharedArrayBuffer;
  readonly thread: number;
  readonly threads: number;
  readonly job: Job;
}
export type CrewMessage = { readonly done: number; readonly total: number } | { readonly error: PackedError };
