import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { encodePng, type RgbPicture } from '../../src/formats/png.ts';
import { rng } from '../../src/tensor/random.ts';
import { ffmpeg } from '../video/ffmpegs.ts';
import { readPng } from './read-png.ts';

const noise = (width: number, height: number): RgbPicture => {
  const random = rng(0, 'png', width, height);
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)) };
};

/** Rising to the right and downwards, with equal lines in the middle: every filter has its lines. */
const ramps = (width: number, height: number): RgbPicture => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return y > height / 3 && y < height / 2 ? x : 2 * x + 3 * y + 40 * (i % 3);
  }),
});

test('a picture comes back from ffmpeg as it went in, whatever its size', async () => {
  for (const picture of [noise(1, 1), noise(2, 3), noise(211, 97), ramps(64, 48), ramps(300, 5), ramps(1, 40)]) {
    const back = readPng(ffmpeg, await encodePng(picture));
    assert.deepEqual([back.width, back.height], [picture.width, picture.height]);
    assert.ok(Buffer.from(back.data).equals(picture.data), `${picture.width}x${picture.height}`);
  }
});

test('the bytes are those of the specification', async () => {
  // Black, then white: Paeth of the first line is Sub, and the white pixel is 255 more than its left neighbour.
  const png = Buffer.from(
    await encodePng({ width: 2, height: 2, data: Uint8Array.of(0, 0, 0, 255, 255, 255, 0, 0, 0, 255, 255, 255) }),
  );
  assert.equal(
    png.toString('hex', 0, 33),
    `89504e470d0a1a0a0000000d49484452${'00000002'}${'00000002'}0802000000fdd49a73`,
  );
  assert.equal(png.toString('latin1', 37, 41), 'IDAT');
  const size = png.readUInt32BE(33);
  assert.deepEqual([...inflateSync(png.subarray(41, 41 + size))], [4, 0, 0, 0, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0]);
  assert.equal(png.toString('hex', 45 + size), '0000000049454e44ae426082');
});

test('equal lines cost next to nothing', async () => {
  const white = { width: 1200, height: 1000, data: new Uint8Array(1200 * 1000 * 3).fill(255) };
  assert.ok((await encodePng(white)).length < 20_000);
});

test('what is no picture is refused', async () => {
  const data = new Uint8Array(12);
  await assert.rejects(encodePng({ width: 2, height: 3, data }), /12 bytes are no RGB picture of 2x3/);
  await assert.rejects(encodePng({ width: 0, height: 4, data: new Uint8Array(0) }), RangeError);
});
