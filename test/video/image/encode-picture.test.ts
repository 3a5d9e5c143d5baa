import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imageLibraries, openImage } from '../../../src/video/image/decode-image.ts';
import { encodePicture } from '../../../src/video/image/encode-picture.ts';
import { loadSharpEncoder } from '../../../src/video/image/sharp.ts';

test('an encoded picture is the picture, but for the loss of its format', async () => {
  const [width, height] = [32, 16];
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => 4 * (Math.floor(i / 3) % width) + 40 * (i % 3),
  );
  const { type, bytes } = await encodePicture({ data, width, height }, 95);
  assert.equal(type, (await loadSharpEncoder()) === undefined ? 'image/png' : 'image/jpeg');
  const opened = await openImage(Buffer.from(bytes), await imageLibraries());
  assert.ok(!('unfit' in opened));
  const read = Buffer.alloc(data.length);
  opened.read(read);
  const mean = data.reduce((sum, value, i) => sum + Math.abs(value - (read[i] as number)), 0) / data.length;
  assert.ok(mean < 3, `${mean} levels`);
});
