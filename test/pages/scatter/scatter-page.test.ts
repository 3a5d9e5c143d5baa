import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { dataUrl } from '../../../src/formats/data-url.ts';
import { encodePng } from '../../../src/formats/png.ts';
import type { ScatterOptions } from '../../../src/pages/scatter/options.ts';
import { scatterPage } from '../../../src/pages/scatter/scatter-page.ts';
import { rings } from '../../figures/made-panels.ts';
import { accessibilityFaults, closeBrowser, skipsBrowser, watchedPage } from '../browser.ts';

after(closeBrowser);

const HOSTILE = `</script><img src=x onerror="document.title='owned'">&'"`;

/** Nine videos on a grid of 3 × 3, of three classes by column, rows nearer than columns; the second panel has them mirrored. */
const ROWS = 0.9;
const CLASSES = ['left', HOSTILE, 'right'];
async function grid(): Promise<ScatterOptions> {
  const labels = Int32Array.from({ length: 9 }, (_, i) => i % 3);
  const at = Array.from({ length: 9 }, (_, i) => [i % 3, (2 - Math.floor(i / 3)) * ROWS] as const);
  const strip = dataUrl(
    'image/png',
    await encodePng({ data: new Uint8Array(4 * 4 * 2 * 3).fill(90), width: 8, height: 4 }),
  );
  return {
    title: HOSTILE,
    heading: 'Features',
    panels: [
      {
        title: 'Linear probe',
        subtitle: 'top-1 66.67 %',
        note: '1 view',
        points: Float32Array.from(at.flat()),
        predictions: Int32Array.from(labels, (label, i) => (i < 3 ? (label + 1) % 3 : label)),
      },
      {
        title: HOSTILE,
        subtitle: 'top-1 100.00 %',
        points: Float32Array.from(at.flatMap(([x, y]) => [-x, y])),
        predictions: labels,
      },
    ],
    ids: Array.from({ length: 9 }, (_, i) => (i === 8 ? HOSTILE : `row${Math.floor(i / 3)}/video${i}.mp4`)),
    labels,
    classes: CLASSES,
    thumbnails: new Map([[4, { url: strip, frames: 2 }]]),
    footnote: 't-SNE of 9 videos',
  };
}

const shares = (panel: number, column: number, row: number): [number, number] => [
  0.5 + 0.47 * (panel === 0 ? column - 1 : 1 - column),
  0.5 + 0.47 * ROWS * (row - 1),
];

/** Where video `column`, `row` of the grid lies in a panel that is not zoomed, in pixels of the page. */
async function place(page: Page, panel: number, column: number, row: number): Promise<[number, number]> {
  const box = await page.locator(`#stage-${panel} canvas`).first().boundingBox();
  assert.ok(box);
  const [across, down] = shares(panel, column, row);
  return [box.x + box.width * across, box.y + box.height * down];
}

/** The color in the middle of a dot, from the canvas of a panel; of marks, from the one above it. */
const pixel = (page: Page, panel: number, column: number, row: number, layer = 0): Promise<number[]> =>
  page.evaluate(
    ([stage, x, y, which]) => {
      const canvas = document.querySelectorAll<HTMLCanvasElement>(`#stage-${stage} canvas`)[which] as HTMLCanvasElement;
      const at = (share: number) => Math.round(canvas.width * share);
      const copy = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
      copy.drawImage(canvas, at(x), at(y), 1, 1, 0, 0, 1, 1);
      return [...copy.getImageData(0, 0, 1, 1).data];
    },
    [panel, ...shares(panel, column, row), layer] as const,
  );

const settled = (page: Page): Promise<unknown> =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

test('pointing at a dot marks its video in all panels and shows its picture, its class and what each run said', {
  skip: skipsBrowser,
}, async (t) => {
  const { page, faults } = await watchedPage(t);
  await page.setContent(scatterPage(await grid()));
  await settled(page);
  assert.equal(await page.title(), HOSTILE);
  assert.deepEqual(await pixel(page, 1, 1, 1, 1), [0, 0, 0, 0]);
  await page.mouse.move(...(await place(page, 0, 1, 1)));
  const card = page.locator('#card');
  assert.equal(await card.locator('.id').textContent(), 'row1/video4.mp4');
  assert.equal(await card.locator('.class-name').textContent(), HOSTILE);
  const picture = card.locator('.thumbnail');
  assert.equal(await picture.getAttribute('aria-label'), 'Frames of row1/video4.mp4');
  assert.match(
    await picture.evaluate((element) => getComputedStyle(element).backgroundImage),
    /^url\("data:image\/png/,
  );
  assert.equal(await picture.evaluate((element) => getComputedStyle(element).animationName), 'play');
  for (const panel of [0, 1]) assert.notDeepEqual(await pixel(page, panel, 1, 1, 1), [0, 0, 0, 0], `panel ${panel}`);
  // Another one, from the other panel: no picture, and a run that was wrong.
  await page.mouse.move(...(await place(page, 1, 0, 0)));
  assert.equal(await card.locator('.id').textContent(), 'row0/video0.mp4');
  assert.equal(await picture.textContent(), 'no picture');
  assert.deepEqual(await card.locator('.verdict').allTextContents(), ['✗ wrong', '✓ right']);
  assert.equal(await card.locator('.said').first().textContent(), HOSTILE);
  await page.mouse.move(2, 2);
  assert.equal(await card.locator('.hint').count(), 1);
  // A click keeps it.
  await page.mouse.click(...(await place(page, 0, 2, 2)));
  await page.mouse.move(2, 2);
  assert.equal(await card.locator('.id').textContent(), HOSTILE);
  assert.match((await page.locator('#spoken').textContent()) ?? '', /Linear probe said right, right/);
  assert.deepEqual(faults, []);
});

test('a tap keeps a video, two fingers zoom, and a table says the panels in numbers', {
  skip: skipsBrowser,
}, async (t) => {
  const { page } = await watchedPage(t, { hasTouch: true, viewport: { width: 400, height: 900 } });
  await page.setContent(scatterPage(await grid()));
  await settled(page);
  await page.touchscreen.tap(...(await place(page, 1, 1, 1)));
  assert.equal(await page.locator('#card .id').textContent(), 'row1/video4.mp4');
  const [x, y] = await place(page, 0, 1, 1);
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...apart: number[]) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: apart.flatMap((d) => [
        { x: x - d, y, id: 1 },
        { x: x + d, y, id: 2 },
      ]),
    });
  await touch('touchStart', 20);
  for (const apart of [25, 30, 40, 60]) await touch('touchMove', apart);
  await touch('touchEnd');
  await settled(page);
  assert.equal(await page.locator('.zoom').first().locator('[data-zoom=all]').isDisabled(), false);
  // Three times as near, and what was between the fingers is where it was.
  assert.deepEqual(await pixel(page, 0, 1, 1), [224, 142, 0, 255]);
  assert.notDeepEqual(await pixel(page, 0, 0, 0), [0, 114, 178, 255]);
  assert.equal(await page.locator('#card .id').textContent(), 'row1/video4.mp4', 'fingers that move keep nothing');
  const row = page.locator('.numbers tbody tr').first();
  assert.deepEqual(await row.locator('th, td').allTextContents(), [
    'Linear probe',
    'top-1 66.67 %',
    '1 view',
    '100.00 %',
  ]);
});

test('classes are chosen, wrong ones filtered and ids found', { skip: skipsBrowser }, async (t) => {
  const { page } = await watchedPage(t);
  await page.setContent(scatterPage(await grid()));
  await settled(page);
  const [left, middle] = [await pixel(page, 0, 0, 1), await pixel(page, 0, 1, 1)];
  assert.deepEqual(left, [0, 114, 178, 255]);
  assert.deepEqual(middle, [224, 142, 0, 255]);
  const entries = page.locator('.entry');
  assert.deepEqual(await entries.allTextContents(), ['left3', `${HOSTILE}3`, 'right3']);
  await entries.first().click();
  await settled(page);
  assert.equal(await entries.first().getAttribute('aria-pressed'), 'true');
  assert.deepEqual(await pixel(page, 0, 0, 1), left);
  assert.notDeepEqual(await pixel(page, 0, 1, 1), middle);
  assert.equal(await page.locator('#count').textContent(), '3 of 9 videos');
  await page.locator('#all-classes').click();
  await settled(page);
  assert.deepEqual(await pixel(page, 0, 1, 1), middle);
  await page.locator('#only-wrong').click();
  await settled(page);
  assert.equal(await page.locator('#count').textContent(), '3 of 9 videos, wrong in one panel or more');
  assert.deepEqual(await pixel(page, 0, 0, 0), left);
  assert.notDeepEqual(await pixel(page, 0, 0, 1), left);
  assert.notDeepEqual(await pixel(page, 1, 0, 0), left, 'the second run was right');
  await page.locator('#only-wrong').click();
  await page.locator('#search').fill('VIDEO7');
  assert.equal(await page.locator('#count').textContent(), '1 of 9 videos');
  assert.equal(await page.locator('#card .id').textContent(), 'row2/video7.mp4');
});

test('keys step from dot to dot, zoom, and let go', { skip: skipsBrowser }, async (t) => {
  const { page } = await watchedPage(t);
  await page.setContent(scatterPage(await grid()));
  await settled(page);
  const id = (): Promise<string | null> => page.locator('#card .id').textContent();
  await page.locator('#stage-0').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await id(), 'row1/video4.mp4', 'the one in the middle first');
  await page.keyboard.press('ArrowRight');
  assert.equal(await id(), 'row1/video5.mp4');
  await page.keyboard.press('ArrowUp');
  assert.equal(await id(), 'row0/video2.mp4');
  await page.keyboard.press('ArrowUp');
  assert.equal(await id(), 'row0/video2.mp4', 'there is none above');
  assert.match((await page.locator('#spoken').textContent()) ?? '', /^row0\/video2\.mp4, class right\. /);
  const reset = page.locator('.zoom').first().locator('[data-zoom=all]');
  assert.equal(await reset.isDisabled(), true);
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await settled(page);
  assert.equal(await reset.isDisabled(), false);
  assert.notDeepEqual(await pixel(page, 0, 1, 1), [224, 142, 0, 255]);
  assert.deepEqual(await pixel(page, 1, 1, 1), [224, 142, 0, 255], 'the other panel stays');
  await reset.click();
  await settled(page);
  assert.deepEqual(await pixel(page, 0, 1, 1), [224, 142, 0, 255]);
  await page.locator('#stage-0').focus();
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#card .hint').count(), 1);
  assert.equal(await page.locator('#stage-0').evaluate((stage) => getComputedStyle(stage).outlineStyle), 'solid');
  // The wheel zooms the panel that has the focus, where the pointer is.
  await page.mouse.move(...(await place(page, 0, 1, 1)));
  await page.mouse.wheel(0, -300);
  await settled(page);
  assert.deepEqual(await pixel(page, 0, 1, 1), [224, 142, 0, 255]);
  assert.equal(await reset.isDisabled(), false);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`nothing is in the way of keyboard, reader and contrast, ${colorScheme}`, { skip: skipsBrowser }, async (t) => {
    const { page } = await watchedPage(t, {
      colorScheme,
      viewport: { width: colorScheme === 'dark' ? 400 : 1280, height: 900 },
    });
    await page.setContent(scatterPage(await grid()));
    await page.locator('#stage-0').focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('.entry').first().click();
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  });
}

test('25,000 videos under four methods fit in 2 MB and answer a pointer at once', { skip: skipsBrowser }, async (t) => {
  const panels = rings(25_000, 174, 4);
  const labels = panels[0]?.labels as Int32Array;
  const options: ScatterOptions = {
    title: 'many',
    heading: 'many',
    panels: panels.map((panel) => ({ ...panel, predictions: labels })),
    ids: Array.from(labels, (_, i) => `${100_000 + i}`),
    labels,
    classes: Array.from({ length: 174 }, (_, i) => `class ${i}`),
    thumbnails: new Map(),
  };
  const text = scatterPage(options);
  assert.ok(text.length < 2e6, `${text.length}`);
  const { page } = await watchedPage(t);
  await page.setContent(text);
  await settled(page);
  const took = await page.evaluate(() => {
    const stage = document.getElementById('stage-0') as HTMLElement;
    const box = stage.getBoundingClientRect();
    const start = performance.now();
    for (let i = 0; i < 10; i++) {
      const at = { clientX: box.left + box.width * (0.3 + 0.04 * i), clientY: box.top + box.height / 2, pointerId: 1 };
      stage.dispatchEvent(new PointerEvent('pointermove', at));
    }
    return (performance.now() - start) / 10;
  });
  assert.match((await page.locator('#card .id').textContent()) ?? '', /^\d{6}$/);
  // 3 ms on one idle core.
  assert.ok(took < 100, `${took} ms`);
});
