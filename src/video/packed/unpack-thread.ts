/** The far side of `unpack-threads.ts`: unpacks into the memory it is given. */
import { serveTasks } from '../threads.ts';
import type { UnpackTask } from './unpack-threads.ts';
import { unpackVisit } from './unpack-visit.ts';

serveTasks(({ visit, into }: UnpackTask, signal) => unpackVisit(visit, into, signal));
