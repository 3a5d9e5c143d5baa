/** The far side of `pack-threads.ts`: packs one video after the other. */
import { serveTasks } from '../threads.ts';
import { packVideo } from './pack.ts';
import type { PackTask } from './pack-threads.ts';

serveTasks(({ ffmpeg, task }: PackTask, signal) => packVideo(ffmpeg, task, { signal }));
