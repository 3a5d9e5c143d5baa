import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { darkroom } from '../../../src/video/augment/develop.ts';
import { applyOperations, type Operation } from '../../../src/video/augment/operations.ts';
import { decodeVisit } from '../../../src/video/decode.ts';
import { makeResizing } from '../../../src/video/pixels/resizer.ts';
import { type ClipRequest, type Visit, visitBytes } from '../../../src/video/visit.ts';
import type { Frames, Size } from '../../../src/video/window.ts';
import { decodeAll, ffmpeg, runDirectly, withFolder } from '../ffmpegs.ts';

const SOURCE: Size = { width: 52, height: 38 };
const SIZE: Size = { width: 16, height: 16 };
const OPERATIONS: Operation[] = [
  { name: 'rotate', degrees: 14 },
  { name: 'autoContrast' },
  { name: 'sharpness', factor: 1.6 },
];
const CLIPS: Visit['clips'] = [
  { frames: [1, 4, 7], size: SIZE, crop: { x: 3, y: 2, width: 30, height: 24 }, augment: OPERATIONS },
  { frames: [7, 1, 1, 4], size: SIZE, flip: true, augment: [] },
  { frames: [2, 4], size: SIZE, crop: { x: 20, y: 10, width: 20, height: 20 }, augment: [{ name: 'invert' }] },
];

/** By the definition, one step after the other: the frames, the operations, then crop, size and mirroring. */
function expectedOf(all: Frames, { frames, augment = [], ...rest }: ClipRequest): Buffer {
  const bytes = SOURCE.width * SOURCE.height * 3;
  const data = Uint8Array.from(Buffer.concat(frames.map((f) => all.data.subarray(f * bytes, (f + 1) * bytes))));
  applyOperations({ data, frames: frames.length, ...SOURCE }, augment);
  return Buffer.concat(
    frames.map((_, t) => {
      const resizing = makeResizing({ source: SOURCE, ...rest });
      resizing.source.set(data.subarray(t * bytes, (t + 1) * bytes));
      const out = new Uint8Array(rest.size.width * rest.size.height * 3);
      resizing.run(out);
      return out;
    }),
  );
}

test('augmented clips are whole frames of one decode, then operations, crop, size and mirroring', () =>
  withFolder(async (folder) => {
    const file = path.join(folder, 'a.mkv');
    const made = `testsrc2=s=${SOURCE.width}x${SOURCE.height}:r=10:d=1`;
    await runDirectly(ffmpeg, ['-f', 'lavfi', '-i', made, '-c:v', 'ffv1', '-pix_fmt', 'yuv444p', file]);
    const all = await decodeAll(ffmpeg, file, SOURCE);
    const visit: Visit = { file, source: SOURCE, clips: CLIPS };
    const into = new Uint8Array(visitBytes(visit));
    assert.equal(await decodeVisit(ffmpeg, visit, into), undefined);
    const expected = Buffer.concat(CLIPS.map((clip) => expectedOf(all, clip)));
    assert.ok(expected.equals(into));
    await assert.rejects(
      decodeVisit(ffmpeg, { ...visit, clips: [{ ...CLIPS[0], frames: [1, 10] }] }, into.subarray(0, 2 * 768)),
      { kind: 'data', message: /^asked for 2 frames \(1-10\), got 0/ },
    );
  }));

test('visits of one process are developed in turn, whatever the pieces that their bytes come in', () => {
  const frame = (value: number): number[] => Array.from({ length: 4 * 3 * 3 }, (_, i) => (value + 5 * i) % 251);
  const clip = { size: { width: 4, height: 3 } };
  const visits: Visit[] = [
    { file: 'a', source: clip.size, clips: [{ ...clip, frames: [5, 2], augment: [{ name: 'invert' }] }] },
    {
      file: 'b',
      clips: [
        { ...clip, frames: [0, 0, 1] },
        { ...clip, frames: [1] },
      ],
    },
    { file: 'c', source: clip.size, clips: [{ ...clip, frames: [9], augment: [] }] },
  ];
  const [two, five, b0, b1, b1Again, nine] = [1, 2, 3, 4, 5, 6].map(frame) as [number[], ...number[][]] as number[][];
  const given = Uint8Array.from([two, five, b0, b1, b1Again, nine].flat() as number[]);
  const inverted = [...(two as number[]), ...(five as number[])].map((value) => 255 - value);
  const expected = [...inverted, ...([b0, b1, b1Again, nine].flat() as number[])];
  for (const piece of [1, 7, 36, 100, 1000]) {
    const { take } = darkroom(visits);
    const out: number[] = [];
    for (let at = 0; at < given.length; at += piece) {
      for (const bytes of take(given.subarray(at, at + piece))) out.push(...bytes);
    }
    assert.deepEqual(out, expected, `pieces of ${piece}`);
    assert.deepEqual([...(take(Uint8Array.of(1, 2))[0] as Uint8Array)], [1, 2], 'what is too much is handed on');
  }
});
