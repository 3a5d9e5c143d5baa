/** The far side of `image-threads.ts`: decodes into the memory it is given, image after image. */
import { packError } from '../../errors/packed.ts';
import { serveTasks } from '../threads.ts';
import type { ImageAnswer, ImagesTask } from './image-threads.ts';
import { imageVisit } from './image-visit.ts';

serveTasks(async ({ places, given }: ImagesTask): Promise<ImageAnswer[]> => {
  const answers: ImageAnswer[] = [];
  for (const { visit, into } of places) {
    // What is abandoned must not be written to.
    if (Atomics.load(given, 0) === 0) break;
    answers.push(await imageVisit(visit, into).catch((thrown: unknown) => ({ error: packError(thrown) })));
  }
  return answers;
});
