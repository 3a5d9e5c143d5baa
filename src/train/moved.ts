import type { Session } from '../engine/engine.ts';
import { divergedError } from '../errors/index.ts';
import type { TrainPlan } from './plan.ts';

/**
 * A trained tensor that the first updates leave as it was gets no gradient: a fault that would otherwise show as a poor
 * result days later.
 * @throws PetlVideoError (diverged) with the names of the tensors that are still bit for bit at their start
 */
export async function checkMoved(plan: TrainPlan, session: Session, update: number): Promise<void> {
  const now = await session.read(plan.model.trained.map(({ name }) => name));
  const still = plan.model.trained.filter(({ name }) => {
    const [before, after] = [plan.start[name]?.data, now[name]?.data];
    return before !== undefined && after !== undefined && before.every((value, i) => value === after[i]);
  });
  if (still.length === 0) return;
  throw divergedError(`${still.length} trained tensors have not moved in ${update} updates`, {
    at: still.map(({ name }) => name).join(', '),
    remedy:
      'they get no gradient: check the method’s options (scale 0? a ReLU that is never active?) and the learning rate',
  });
}
