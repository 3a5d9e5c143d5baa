/** The far side of `crew.ts`: one thread's share of a job. */
import { parentPort, workerData } from 'node:worker_threads';
import { packError } from '../errors/packed.ts';
import { countCloser } from './closer-job.ts';
import type { CrewData, CrewMessage } from './crew-job.ts';
import { descend } from './descent-job.ts';
import { sumProducts } from './gram-job.ts';
import { makeKernels } from './kernels.ts';
import { layOut } from './layout-job.ts';
import { findNeighbours } from './neighbours-job.ts';
import { joinTeam, type Team } from './team.ts';

const { memory, control, thread, threads, job } = workerData as CrewData;
const send = (message: CrewMessage): void => parentPort?.postMessage(message);
const team = joinTeam(control, thread, threads, (done, total) => send({ done, total }));

function work(mine: Team): void {
  const kernels = makeKernels(memory);
  if (job.kind === 'neighbours') findNeighbours(kernels, memory.buffer, mine, job);
  else if (job.kind === 'closer') countCloser(kernels, memory.buffer, mine, job);
  else if (job.kind === 'descent') descend(kernels, memory.buffer, mine, job);
  else if (job.kind === 'gram') sumProducts(kernels, memory.buffer, mine, job);
  else layOut(memory.buffer, mine, job);
}

try {
  work(team);
} catch (thrown) {
  send({ error: packError(thrown) });
}
