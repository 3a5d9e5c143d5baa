/** Answers by a run: its model looks at one file at a time, while others are decoded. */
import { stripOf } from '../drawing/strip.ts';
import { classify } from '../inference/classify.ts';
import type { Run } from '../inference/run.ts';
import { encodePicture } from '../video/image/encode-picture.ts';
import type { Answerer, ClipPictures } from './answer.ts';

/** A JPEG is at most 65,535 pixels wide, and a browser's canvas little more than half of it. */
const WIDEST = 32_000;
const QUALITY = 90;

export function answerByRun(run: Run): Answerer {
  return async ({ file, top, views, clip: wantsClip, signal }) => {
    const start = performance.now();
    let inModel = 0;
    let waited = 0;
    const timed: Run = {
      ...run,
      inTurn(work) {
        const queued = performance.now();
        return run.inTurn(async () => {
          const began = performance.now();
          waited = began - queued;
          try {
            return await work();
          } finally {
            inModel = performance.now() - began;
          }
        });
      },
    };
    const { top: best, clip, facts, damage } = await classify(timed, file, { top, views, signal });
    const decoded = performance.now() - start - waited - inModel;
    return {
      top: best,
      clip: wantsClip ? await pictured(clip) : { frames: clip.frames, size: clip.size },
      video: facts,
      ...(damage === undefined ? {} : { damage }),
      seconds: { decode: decoded / 1000, model: inModel / 1000 },
    };
  };
}

async function pictured({
  data,
  frames,
  size,
}: {
  data: Uint8Array;
  frames: number;
  size: number;
}): Promise<ClipPictures> {
  const height = Math.min(size, Math.floor(WIDEST / frames));
  const { type, bytes } = await encodePicture(stripOf(data, { frames, size }, height), QUALITY);
  return { frames, size, strip: { type, bytes, height } };
}
