/**
 * An evaluation into the folder of its run: its files, and TensorBoard's events in a folder `evaluate` of their own. TensorBoard
 * reads the event files of one folder one after the other: in the run's own an evaluation would cut off the curves of a
 * training that still goes on.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../src/errors/index.ts';
import { countsText } from '../src/eval/counts.ts';
import { nounOf, protocolText } from '../src/eval/protocol.ts';
import { confusionScale } from '../src/figures/confusion.ts';
import { openEventFile } from '../src/formats/tensorboard.ts';
import { onDisk } from '../src/formats/write-file.ts';
import { keepResult, type RunResult } from '../src/results/index.ts';
import { type MetricsLine, readMetrics } from '../src/train/metrics.ts';
import type { Reporter } from './command.ts';
import { confusionPicture } from './confusion-picture.ts';

const EVENTS_FOLDER = 'evaluate';

/** @throws environment error where the disk refuses the result; events that cannot be made are a warning */
export async function keepEvaluation(folder: string, result: RunResult, reporter: Reporter): Promise<void> {
  await keepResult(folder, result);
  try {
    await keepEvents(folder, result);
  } catch (thrown) {
    reporter.warn(`the evaluation could not be shown to TensorBoard: ${messageOf(thrown)}`);
  }
}

async function keepEvents(folder: string, { evaluation, protocol, classes }: RunResult): Promise<void> {
  const update = updateOf(await readMetrics(folder), protocol.weights);
  const place = path.join(folder, EVENTS_FOLDER);
  await onDisk(place, () => mkdir(place, { recursive: true }));
  const counts = countsText(evaluation, nounOf(protocol));
  const picture = await confusionPicture(evaluation, classes, protocolText(protocol), confusionScale(classes.length));
  // What an earlier evaluation of these weights, or of later ones, said is void.
  const events = await openEventFile(place, { resumedAt: update - 1 });
  events.scalar('evaluate/top1', update, evaluation.top1);
  events.scalar('evaluate/top5', update, evaluation.top5);
  events.text('evaluate/protocol', update, `${protocolText(protocol)}; over ${counts}`);
  events.image('evaluate/confusion', update, picture);
  await events.close();
}

/** Updates that had trained the weights of an epoch: `last weights, epoch 90`. 0 where the metrics do not say. */
function updateOf(metrics: readonly MetricsLine[], weights: string): number {
  const epoch = Number(/epoch (\d+)$/.exec(weights)?.[1] ?? Number.NaN);
  return metrics.filter((line) => line.epoch <= epoch).reduce((most, line) => Math.max(most, line.update), 0);
}
