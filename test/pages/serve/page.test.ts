import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { dataError } from '../../../src/errors/index.ts';
import { encodePng } from '../../../src/formats/png.ts';
import type { Answerer } from '../../../src/serve/answer.ts';
import { ABOUT, ANSWER, tryServer, until } from '../../serve/asking.ts';
import { accessibilityFaults, closeBrowser, skipsBrowser, watchedPage } from '../browser.ts';

after(closeBrowser);

const FRAMES = 4;
const SIZE = 16;
const ABOUT_FOUR = { ...ABOUT, clip: { frames: FRAMES, stride: 2, size: SIZE } };
let strip: { type: string; bytes: Uint8Array; height: number };

before(async () => {
  // Each frame in its own grey.
  const data = new Uint8Array(FRAMES * SIZE * SIZE * 3);
  for (let i = 0; i < data.length; i++) data[i] = 60 * Math.floor((Math.floor(i / 3) % (FRAMES * SIZE)) / SIZE);
  strip = { type: 'image/png', bytes: await encodePng({ data, width: FRAMES * SIZE, height: SIZE }), height: SIZE };
});

/** The page's policy lets no text be run in it, as `waitForFunction` would. */
const holds = (page: Page, expression: string): Promise<void> => until(() => page.evaluate<boolean>(expression));

const HOSTILE = '<img src=x onerror=alert(1)>';
const answer: Answerer = async ({ file, views }) => {
  const { size } = await (await import('node:fs/promises')).stat(file);
  if (size === 3) throw dataError('not a video', { at: file, remedy: 'send one' });
  const top = [{ ...ANSWER.top[0], class: HOSTILE, label: 2, probability: 0.75 }, ANSWER.top[1]] as typeof ANSWER.top;
  void views;
  return { ...ANSWER, top, clip: { frames: FRAMES, size: SIZE, strip } };
};

for (const [colorScheme, width] of [
  ['light', 1280],
  ['dark', 400],
] as const) {
  test(`${colorScheme}, ${width} pixels wide: files are answered, and refused in place`, {
    skip: skipsBrowser,
  }, async (t) => {
    const server = await tryServer(t, { about: ABOUT_FOUR }, answer);
    const { page, faults } = await watchedPage(t, { colorScheme, viewport: { width, height: 800 } }, server.origin);
    await page.goto(`${server.origin}/`);
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.setInputFiles('#file', [
      { name: 'a.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(10) },
      { name: 'b.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(10) },
    ]);
    await holds(page, `document.querySelectorAll('#earlier tbody tr').length === 2`);
    assert.equal(await page.textContent('#found-file'), 'b.mp4');
    assert.deepEqual(await page.locator('#classes .class').allTextContents(), [HOSTILE, 'down']);
    assert.deepEqual(await page.locator('#classes .number').allTextContents(), ['75.00 %', '25.00 %']);
    assert.equal(await page.textContent('#said'), `b.mp4: ${HOSTILE}, 75.00 %`);
    assert.match((await page.textContent('#protocol')) ?? '', /^Single view in the middle, last weights, epoch 2\./);
    assert.deepEqual(await accessibilityFaults(page), []);

    await page.setInputFiles('#file', { name: 'c.txt', mimeType: 'text/plain', buffer: Buffer.from('\0\0\0') });
    await page.waitForSelector('#error .what');
    assert.equal(await page.textContent('#error'), 'c.txt: not a video.Send one.');
    assert.deepEqual(await accessibilityFaults(page), []);
    // The browser's own word for an answer of 400; the page says no more.
    assert.deepEqual(faults.splice(0), [
      'console: Failed to load resource: the server responded with a status of 400 (Bad Request)',
    ]);
    await page.setInputFiles('#file', { name: 'd.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(100_001) });
    await holds(page, `/larger than/.test(document.querySelector('#error').textContent)`);
    await page.setInputFiles('#file', { name: 'e.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(0) });
    await holds(page, `/is empty/.test(document.querySelector('#error').textContent)`);
    assert.equal(server.asked.length, 3);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
  });
}

test('the clip plays, stops and steps by keys; with less motion it waits', { skip: skipsBrowser }, async (t) => {
  const server = await tryServer(t, { about: ABOUT_FOUR }, answer);
  const still = await watchedPage(t, { reducedMotion: 'reduce' }, server.origin);
  const moving = await watchedPage(t, {}, server.origin);
  const grey = `(() => {
    const pixel = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    pixel.drawImage(document.querySelector('#screen'), 8, 8, 1, 1, 0, 0, 1, 1);
    return pixel.getImageData(0, 0, 1, 1).data[0];
  })()`;
  for (const { page } of [still, moving]) {
    await page.goto(`${server.origin}/`);
    await page.setInputFiles('#file', { name: 'a.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(10) });
    await page.waitForSelector('#found:not([hidden])');
  }
  await holds(moving.page, `${grey} === 60`);
  await holds(moving.page, `${grey} === 180`);
  await moving.page.click('#play');
  assert.equal(await moving.page.textContent('#play'), 'Play');

  const { page } = still;
  await page.waitForTimeout(600);
  assert.equal(await page.evaluate(grey), 0);
  await page.focus('#frame');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(grey), 120);
  assert.equal(await page.getAttribute('#frame', 'aria-valuetext'), 'frame 3 of 4');
  await page.click('.step:nth-child(4)');
  assert.equal(await page.evaluate(grey), 180);
});

test('dropped and pasted files are answered; a drag is shown while it lasts', { skip: skipsBrowser }, async (t) => {
  const server = await tryServer(t, { about: ABOUT_FOUR }, answer);
  const { page } = await watchedPage(t, {}, server.origin);
  await page.goto(`${server.origin}/`);
  const send = (kind: string, name: string) =>
    page.evaluate(`{
      const files = new DataTransfer();
      files.items.add(new File(['0123456789'], '${name}'));
      const options = { dataTransfer: files, clipboardData: files, bubbles: true, cancelable: true };
      const Kind = '${kind}' === 'paste' ? ClipboardEvent : DragEvent;
      document.body.dispatchEvent(new Kind('${kind}', options));
    }`);
  await send('dragenter', 'x.mp4');
  assert.equal(await page.isVisible('text=Let go to classify'), true);
  await send('dragleave', 'x.mp4');
  assert.equal(await page.isVisible('text=Let go to classify'), false);
  await send('dragenter', 'x.mp4');
  await send('drop', 'x.mp4');
  await holds(page, `document.querySelector('#found-file').textContent === 'x.mp4'`);
  assert.equal(await page.isVisible('text=Let go to classify'), false);
  await send('paste', 'y.png');
  await holds(page, `document.querySelector('#found-file').textContent === 'y.png'`);
  await page.click('text=x.mp4');
  assert.equal(await page.textContent('#found-file'), 'x.mp4');
});

test('what is under way can be cancelled', { skip: skipsBrowser }, async (t) => {
  let stopped = false;
  const server = await tryServer(
    t,
    { about: ABOUT_FOUR },
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          stopped = true;
          reject(signal.reason);
        });
      }),
  );
  const { page } = await watchedPage(t, {}, server.origin);
  await page.goto(`${server.origin}/`);
  await page.setInputFiles('#file', { name: 'a.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(10) });
  await holds(page, `document.querySelector('#work-text').textContent === 'Looking at a.mp4'`);
  await page.click('#cancel');
  assert.equal(await page.isVisible('#work'), false);
  assert.equal(await page.textContent('#error'), '');
  for (let i = 0; !stopped && i < 200; i++) await page.waitForTimeout(10);
  assert.ok(stopped);
});

test('the camera gives a video, or a picture to a run of images, and goes on until it is stopped', {
  skip: skipsBrowser,
}, async (t) => {
  const video = await tryServer(t, { about: { ...ABOUT_FOUR, limits: { uploadBytes: 10_000_000, top: 2 } } }, answer);
  const images = await tryServer(
    t,
    {
      about: { ...ABOUT, clip: { frames: 1, stride: 1, size: SIZE }, limits: { uploadBytes: 10_000_000, top: 2 } },
    },
    answer,
  );
  for (const [server, head] of [
    [video, '1a45dfa3'],
    [images, 'ffd8ff'],
  ] as const) {
    const { page } = await watchedPage(t, { permissions: ['camera'] }, server.origin);
    await page.goto(`${server.origin}/`);
    await page.click('#camera-open');
    await page.waitForSelector('#camera:not([hidden])');
    await page.click('#camera-once');
    await holds(page, `document.querySelector('#found-file').textContent.startsWith('camera.')`);
    assert.ok(server.asked[0]?.bytes.toString('hex').startsWith(head));
    if (server === images) {
      await page.click('#camera-on');
      await holds(page, `document.querySelectorAll('#earlier tbody tr').length > 2`);
      await page.click('#camera-on');
      assert.equal(await page.textContent('#camera-on'), 'Keep going');
    }
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.click('#camera-close');
    assert.equal(await page.isVisible('#drop'), true);
  }
});

test('without a camera it says so', { skip: skipsBrowser }, async (t) => {
  const server = await tryServer(t);
  const { page } = await watchedPage(t, {}, server.origin);
  await page.addInitScript(`navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException('no', 'NotFoundError');
  }`);
  await page.goto(`${server.origin}/`);
  await page.click('#camera-open');
  await page.waitForSelector('#error .what');
  assert.equal(await page.textContent('#error'), 'No camera was found.Plug one in, or choose a file.');
  assert.equal(await page.isVisible('#camera'), false);
});
