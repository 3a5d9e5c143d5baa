/** Starting a run, or going on with one. */
import { updatesPerEpoch } from '../data/order.ts';
import type { Session } from '../engine/engine.ts';
import { configError, dataError, weightsError } from '../errors/index.ts';
import { type Counters, engineText, readCheckpoint, START } from './checkpoint.ts';
import { entriesFingerprint } from './entries-fingerprint.ts';
import { noteSession } from './environment.ts';
import { FIRST_LOSS_SCALE } from './loss-scale.ts';
import type { TrainMeans, TrainPlan, TrainResult } from './plan.ts';
import { Run } from './run.ts';
import { createRunFolder, type RunFolder, resumeRunFolder } from './run-folder.ts';
import { checkpointState, trainingState } from './steps.ts';

/**
 * Trains from the start, or goes on from the folder's checkpoint.
 *
 * @throws PetlVideoError (diverged) on a loss that is not finite or a trained tensor that does not move; (data) on too many
 *   undecodable videos; (weights) when the checkpoint is of another backbone
 * @throws Interrupted when the signal came; the checkpoint is saved
 */
export async function train(plan: TrainPlan, means: TrainMeans, resume: boolean): Promise<TrainResult> {
  const perEpoch = updatesPerEpoch(plan.epoch);
  if (perEpoch === 0) {
    const { entries, batch, accumulate } = plan.epoch;
    throw configError(`${entries} videos do not fill one update of ${batch} × ${accumulate} videos`, {
      remedy: 'lower train.batch or train.accumulate, or set train.dropLast=false',
    });
  }
  requireStatistics(plan);
  const session = await means.engine.open(trainingState(plan.model, plan.update));
  try {
    await loadStart(plan, session);
    const { folder, counters } = resume ? await goOn(plan, means, session) : await begin(plan, means, session);
    try {
      const time = new Date().toISOString();
      const { update } = counters;
      await noteSession(means.folder, { time, update, ...means.machine, engine: engineText(means.engine) });
      return await new Run(plan, means, session, folder, perEpoch, counters).toTheEnd();
    } finally {
      await folder.close();
    }
  } finally {
    session.dispose();
  }
}

/** A frame of its own, which ends: the one that trains would hold the host's copy of the model to the end of the run. */
async function loadStart({ start }: TrainPlan, session: Session): Promise<void> {
  await session.load(start());
}

/** A single clip is its own mean: BatchNorm would make zeros of it, and its variance would count as 0. */
function requireStatistics({ model, epoch, train }: TrainPlan): void {
  const { entries, batch, dropLast } = epoch;
  const lone = train.repeats === 1 && (batch === 1 || (!dropLast && entries % batch === 1));
  if (!model.head.batchNorm || !lone) return;
  throw configError('a batch of a single video gives head.batchNorm no statistics', {
    at: `the end of an epoch: ${entries} videos in batches of ${batch}`,
    remedy: 'set train.dropLast=true, change train.batch by one, or set head.batchNorm=false',
  });
}

async function begin(plan: TrainPlan, means: TrainMeans, session: Session): Promise<Opened> {
  const tensors = await session.read(Object.keys(checkpointState(plan.model, plan.update)));
  const start: Counters = plan.scalesLoss ? { ...START, lossScale: FIRST_LOSS_SCALE } : START;
  const first = {
    counters: start,
    tensors,
    backbone: plan.backbone,
    entries: entriesFingerprint(plan.train.entries),
    engine: engineText(means.engine),
  };
  const folder = await createRunFolder(means.folder, plan.recipe, first, plan.hyperparameters);
  for (const text of plan.adapted) await folder.log(`backbone adapted: ${text}`);
  return { folder, counters: start };
}

async function goOn(plan: TrainPlan, means: TrainMeans, session: Session): Promise<Opened> {
  const { counters, tensors, backbone, entries, engine } = await readCheckpoint(
    means.folder,
    checkpointState(plan.model, plan.update),
  );
  if (backbone !== plan.backbone) {
    throw weightsError('the backbone is not the one that the run was started with', {
      at: means.folder,
      remedy: `put the original weights file back; its fingerprint was ${backbone.slice(0, 16)}…`,
    });
  }
  if (entries !== entriesFingerprint(plan.train.entries)) {
    throw dataError('the prepared data set has changed since the run was started', {
      at: means.folder,
      remedy: 'put the manifests back as they were, or train anew: a run goes on over the same videos only',
    });
  }
  if (plan.scalesLoss !== (counters.lossScale !== undefined)) {
    throw weightsError(`the run was ${plan.scalesLoss ? 'not ' : ''}trained in fp16`, {
      at: means.folder,
      remedy: 'put engine.precision of its config.yaml back as it was, or train anew',
    });
  }
  await session.load(tensors);
  means.onEvent({ kind: 'note', text: `resuming after update ${counters.update}` });
  const now = engineText(means.engine);
  if (engine !== '' && engine !== now) {
    const text = `the run was trained by ${engine} and goes on by ${now}: bits may differ from those of a run that stayed`;
    means.onEvent({ kind: 'note', text });
  }
  return { folder: await resumeRunFolder(means.folder, counters), counters };
}

interface Opened {
  readonly folder: RunFolder;
  readonly counters: Counters;
}
