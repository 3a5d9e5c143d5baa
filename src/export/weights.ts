/** The weights of a session, one by one: a model of gigabytes is not held twice. */
import type { Session } from '../engine/engine.ts';
import type { HostTensor } from '../tensor/host.ts';

export async function readWeight(session: Session, name: string): Promise<HostTensor> {
  return (await session.read([name]))[name] as HostTensor;
}
