import assert from 'node:assert/strict';
import { test } from 'node:test';
import { complaints } from '../../src/video/complaints.ts';

function kept(...pieces: string[]): string {
  const all = complaints(200);
  for (const piece of pieces) all.take(piece);
  return all.all();
}

test('errors and words of made-up pictures are complaints, all other information is none', () => {
  const said = [
    "[info] Input #0, mov,mp4, from 'file:/a.mp4':\n",
    '[info]     title           : first\n                : second\n',
    '[warning] deprecated pixel format used\n',
    '[h264 @ 0x1a2b] [info] concealing 97 DC, 97 AC, 97 MV errors in B frame\n',
    '[h264 @ 0x1a2b] [error] error while decoding MB 4 14, bytestream 686\n',
    '[fatal] Conversion failed!\n',
  ];
  const complained =
    '[h264 @ 0x1a2b] concealing 97 DC, 97 AC, 97 MV errors in B frame\n' +
    '[h264 @ 0x1a2b] error while decoding MB 4 14, bytestream 686\nConversion failed!\n';
  assert.equal(kept(said.join('')), complained);
  assert.equal(kept(...said.join('').split(/(?=e)/)), complained, 'in pieces');
});

test('what is said before ffmpeg speaks is kept, and the first 200 characters at most', () => {
  assert.equal(kept('cannot load libx.so\n[info] Stream #0\nStream mapping\n'), 'cannot load libx.so\n');
  assert.equal(kept('no end of line'), 'no end of line');
  assert.equal(kept('[error] x'.repeat(100)).length, 200);
  assert.equal(kept(), '');
});
