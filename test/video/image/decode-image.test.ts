import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { imageLibraries, openImage } from '../../../src/video/image/decode-image.ts';
import { openPng } from '../../../src/video/image/png.ts';
import { bytesOf, names, SIZE, shaOf } from './pictures.ts';

const { turbojpeg, sharp } = await imageLibraries();
const noSharp = sharp === undefined ? 'sharp is not installed' : false;
const noTurbo = turbojpeg === undefined ? 'libjpeg-turbo is not here' : false;

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function decoded(name: string, libraries: Awaited<ReturnType<typeof imageLibraries>>) {
  const opened = await openImage(bytesOf(name), libraries);
  if ('unfit' in opened) return opened;
  assert.deepEqual({ width: opened.width, height: opened.height }, SIZE, name);
  const rgb = Buffer.alloc(SIZE.width * SIZE.height * 3);
  const complaint = opened.read(rgb);
  return { sha: sha(rgb), complaint };
}

const sound = names.filter((name) => shaOf(name) !== undefined && !name.endsWith('.bmp'));

test("every kind is as Pillow's convert('RGB') has it: grey, palette, 16 bits, inks, alpha, turned, moving", {
  skip: noSharp,
}, async () => {
  for (const name of sound) {
    assert.deepEqual(await decoded(name, { turbojpeg, sharp }), { sha: shaOf(name), complaint: undefined }, name);
  }
});

test('libvips alone gives the same JPEG', { skip: noSharp }, async () => {
  for (const name of sound.filter((one) => one.endsWith('.jpg'))) {
    assert.deepEqual(
      await decoded(name, { turbojpeg: undefined, sharp }),
      { sha: shaOf(name), complaint: undefined },
      name,
    );
  }
});

test('a picture that is cut off is read, with a complaint, by either library', {
  skip: noSharp || noTurbo,
}, async () => {
  const complaints = [
    ['cut.jpg', { turbojpeg, sharp }, /Premature end of JPEG file/],
    ['cut.jpg', { turbojpeg: undefined, sharp }, /premature end of JPEG image/i],
    ['cut.png', { turbojpeg, sharp }, /png/],
  ] as const;
  for (const [name, libraries, words] of complaints) {
    const made = await decoded(name, libraries);
    assert.ok('complaint' in made);
    assert.match(made.complaint ?? '', words);
  }
});

test('what no library reads is left to ffmpeg', async () => {
  for (const [name, libraries] of [
    ['rgb.bmp', { turbojpeg, sharp }],
    ['rgb16.png', { turbojpeg, sharp: undefined }],
    ['cmyk.jpg', { turbojpeg, sharp: undefined }],
    ['head-only.jpg', { turbojpeg, sharp }],
  ] as const) {
    assert.ok('unfit' in (await openImage(bytesOf(name), libraries)), name);
  }
  assert.ok('unfit' in (await openImage(Buffer.from('no picture'), { turbojpeg, sharp })));
});

test('plain PNG is read without libvips, whatever its filters; what is not in order is not', () => {
  const plain = names.filter((name) => /^(?:filters|rgb|rgba|grey|grey-alpha|palette).*\.png$/.test(name));
  const read = plain.flatMap((name) => {
    const png = openPng(bytesOf(name));
    if (png === undefined) return [];
    const rgb = Buffer.alloc(SIZE.width * SIZE.height * 3);
    png.read(rgb);
    assert.equal(sha(rgb), shaOf(name), name);
    return [name];
  });
  const ours = ['filters-grey', 'filters-rgba', 'filters', 'grey-alpha', 'grey', 'palette8', 'rgb', 'rgba'];
  assert.deepEqual(read.sort(), ours.map((name) => `${name}.png`).sort());
  for (const name of ['cut.png', 'flipped.png', 'grey16.png', 'bits.png']) {
    assert.equal(openPng(bytesOf(name)), undefined, name);
  }
});
