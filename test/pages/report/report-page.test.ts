import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { reportPage } from '../../../src/pages/report/report-page.ts';
import { accessibilityFaults, closeBrowser, skipsBrowser, watchedPage } from '../browser.ts';
import { classNames, madeReport, madeResults } from './made-report.ts';

after(closeBrowser);

const HOSTILE = `</script><img src=x onerror="document.title='owned'">&'"`;
const skip = skipsBrowser;

test('the page of a run has no fault, in light and in dark, wide and narrow', { skip }, async (t) => {
  const html = reportPage(await madeReport([madeResults({ failsEvery: 30 })]));
  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 400],
  ] as const) {
    const { page, faults } = await watchedPage(t, { colorScheme, viewport: { width, height: 900 } });
    await page.setContent(html);
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.deepEqual(faults, []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${width} px`);
  }
});

test('so has the page of several, each of which is shown when it is picked', { skip }, async (t) => {
  const runs = [
    madeResults({ seed: 0 }),
    madeResults({ seed: 1 }),
    madeResults({ method: 'linear', evaluated: false, done: 3 }),
    madeResults({ method: 'full', fusion: 'logits' }),
  ];
  const html = reportPage(await madeReport(runs));
  for (const [colorScheme, width] of [
    ['dark', 1280],
    ['light', 400],
  ] as const) {
    const { page } = await watchedPage(t, { colorScheme, viewport: { width, height: 900 } });
    await page.setContent(html);
    assert.deepEqual(await accessibilityFaults(page), []);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${width} px`);
    assert.deepEqual(await page.locator('[data-panel]').evaluateAll((all) => all.map((one) => one.checkVisibility())), [
      true,
      false,
      false,
      false,
    ]);
    await page.locator('[data-picker] input').first().focus();
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await page.locator('[data-panel]').evaluateAll((all) => all.map((one) => one.checkVisibility())), [
      false,
      true,
      false,
      false,
    ]);
  }
});

test('a table is sorted by keys, says so, and keeps equal rows in their order', { skip }, async (t) => {
  const { page } = await watchedPage(t);
  await page.setContent(
    reportPage(await madeReport([madeResults({ classes: ['beta', 'alpha', 'gamma'], videos: 30 })])),
  );
  const titles = page.locator('#classes-table thead th');
  const column = (k: number): Promise<string[]> =>
    page.locator(`#classes-table tbody tr > :nth-child(${k + 1})`).allTextContents();
  const sorts = (): Promise<(string | null)[]> =>
    titles.evaluateAll((all) => all.map((title) => title.getAttribute('aria-sort')));
  assert.deepEqual(await column(0), ['beta', 'alpha', 'gamma']);
  assert.deepEqual(new Set(await sorts()), new Set([null]));

  await titles.nth(0).getByRole('button').focus();
  await page.keyboard.press('Enter');
  assert.deepEqual(await column(0), ['alpha', 'beta', 'gamma']);
  assert.equal((await sorts())[0], 'ascending');
  await page.keyboard.press('Space');
  assert.deepEqual(await column(0), ['gamma', 'beta', 'alpha']);
  assert.equal((await sorts())[0], 'descending');

  await titles.nth(2).getByRole('button').focus();
  await page.keyboard.press('Enter');
  const shares = (await column(2)).map(Number.parseFloat);
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => b - a),
  );
  assert.deepEqual((await sorts()).slice(0, 3), [null, null, 'descending']);
  assert.deepEqual(await accessibilityFaults(page), []);
  // All have ten videos.
  const before = await column(0);
  await titles.nth(1).getByRole('button').press('Enter');
  assert.deepEqual(await column(0), before);
});

test('many classes are found by a part of their name', { skip }, async (t) => {
  const { page } = await watchedPage(t);
  await page.setContent(reportPage(await madeReport([madeResults({ classes: classNames(51), videos: 102 })])));
  await page.getByLabel('Find a class').fill('RIDE');
  assert.equal(await page.locator('#classes-table tbody tr:visible').count(), 5);
  assert.equal(await page.locator('[data-filtered]').textContent(), '5 of 51 classes');
  await page.getByLabel('Find a class').fill('');
  assert.equal(await page.locator('#classes-table tbody tr:visible').count(), 51);
});

test('the crosshair goes from point to point by keys and says what is there', { skip }, async (t) => {
  const { page } = await watchedPage(t);
  await page.setContent(reportPage(await madeReport([madeResults()])));
  const top1 = page.locator('[data-plot="top1"]');
  const loss = page.locator('[data-plot="loss"] [data-reading]');
  assert.equal(await top1.locator('[data-reading]').textContent(), '60.00\u00a0% at epoch 10');
  await top1.getByRole('slider').focus();
  await page.keyboard.press('Home');
  assert.equal(await top1.locator('[data-reading]').textContent(), '6.00\u00a0% at epoch 1');
  await page.keyboard.press('ArrowRight');
  assert.equal(await top1.getByRole('slider').getAttribute('aria-valuetext'), 'epoch 2: 12.00\u00a0%');
  assert.match((await loss.textContent()) ?? '', / at epoch 2$/);
  assert.ok(await top1.locator('[data-cross]').isVisible());
  await top1.locator('[data-area]').hover({ position: { x: 1, y: 5 } });
  assert.equal(await top1.locator('[data-reading]').textContent(), '6.00\u00a0% at epoch 1');
});

test('runs are taken out of the curves, and out of what is read from them', { skip }, async (t) => {
  const { page } = await watchedPage(t);
  await page.setContent(reportPage(await madeReport([madeResults(), madeResults({ seed: 1 })])));
  const reading = page.locator('[data-plot="top1"] [data-reading] b');
  assert.equal(await reading.count(), 2);
  await page.getByLabel('adaptformer-seed1').first().uncheck();
  assert.equal(await reading.count(), 1);
  assert.equal(await page.locator('[data-plot="top1"] .curve:visible').count(), 1);
});

test('a cell of the matrix lists its videos, by pointer and by keys', { skip }, async (t) => {
  const { page } = await watchedPage(t);
  const results = madeResults({ classes: ['a', 'b'], videos: 40, failsEvery: 10 });
  await page.setContent(reportPage(await madeReport([results])));
  const matrix = page.locator('[data-matrix]');
  const reading = page.locator('[data-confusion] [data-reading]');
  const listed = (): Promise<string[]> => reading.locator('li > span:first-child').allTextContents();
  const of = (label: number, taken: number | undefined): string[] =>
    (results.predictions ?? [])
      .filter((line) => line.label === label && ('failure' in line ? undefined : line.top[0]?.label) === taken)
      .map(({ id }) => id);

  await matrix.focus();
  assert.match((await reading.textContent()) ?? '', /^ataken for what they are\d+ of 20 videos/);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  assert.match((await reading.textContent()) ?? '', /^ataken for b/);
  assert.deepEqual((await listed()).sort(), of(0, 1).sort());
  // The last column is of those that could not be decoded.
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  assert.match((await reading.textContent()) ?? '', /could not be decoded4 of 20 videos, 20\.00/);
  assert.deepEqual((await listed()).sort(), of(0, undefined).sort());
  assert.deepEqual(await accessibilityFaults(page), []);
  await page.keyboard.press('Escape');
  const box = await matrix.boundingBox();
  assert.ok(box);
  await matrix.click({ position: { x: (box.width * 1.5) / 3, y: box.height * 0.75 } });
  assert.match((await reading.textContent()) ?? '', /^btaken for what they are/);
  assert.deepEqual((await listed()).sort(), of(1, 1).sort());
});

test('clips play, are paused, and stand still for who asked for less motion', { skip }, async (t) => {
  const html = reportPage(await madeReport([madeResults()]));
  const state = `getComputedStyle(document.querySelector('.strip > div')).animationPlayState`;
  for (const [reducedMotion, first, next] of [
    ['no-preference', 'running', 'paused'],
    ['reduce', 'paused', 'running'],
  ] as const) {
    const { page } = await watchedPage(t, { reducedMotion });
    await page.setContent(html);
    assert.equal(await page.evaluate(state), first);
    await page.locator('[data-playing]').click();
    assert.equal(await page.evaluate(state), next);
  }
});

test('names and ids are text, whatever is in them', { skip }, async (t) => {
  const { page, faults } = await watchedPage(t);
  const results = madeResults({ name: HOSTILE, classes: [HOSTILE, 'b'], videos: 12, idOf: (i) => `${i}${HOSTILE}` });
  await page.setContent(reportPage(await madeReport([results])));
  assert.equal(await page.locator('h1').textContent(), HOSTILE);
  assert.equal(await page.locator('#classes-table tbody th').first().textContent(), HOSTILE);
  await page.locator('[data-matrix]').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('[data-confusion] .truth').textContent(), HOSTILE);
  assert.ok((await page.locator('.ids li').first().textContent())?.includes(HOSTILE));
  assert.equal(await page.evaluate(`document.querySelectorAll('img').length`), 0);
  assert.deepEqual(faults, []);
});

test('a run of 174 classes, 24,777 videos and 100,000 lines is a small page that opens', { skip }, async (t) => {
  const results = madeResults({
    ...{ classes: classNames(174), videos: 24_777, epochs: 20, linesPerEpoch: 5000 },
    idOf: (video) => `some/folder/with/a/long/name/of_the_class/and_the_video_${video}_of_it.avi`,
  });
  const html = reportPage(await madeReport([results], 8));
  assert.ok(Buffer.byteLength(html) < 2_500_000, `${Buffer.byteLength(html)} bytes`);
  const { page } = await watchedPage(t);
  const start = performance.now();
  await page.setContent(html);
  t.diagnostic(`${Buffer.byteLength(html)} bytes, opened in ${Math.round(performance.now() - start)} ms`);
  assert.match((await page.locator('#training').textContent()) ?? '', /Of 100,000 lines about 200 neighbours/);
  assert.match((await page.locator('#confusion').textContent()) ?? '', /of larger cells the \d+ surest/);
  assert.ok((await page.evaluate<number>(`document.querySelectorAll('*').length`)) < 8000);
});

test('a run that is not evaluated, not finished or not begun has a page with the remedy', async () => {
  const pageOf = async (made: Parameters<typeof madeResults>[0]): Promise<string> => {
    const page = reportPage(await madeReport([madeResults(made)]));
    return page.slice(page.indexOf('<main>'), page.lastIndexOf('<script>'));
  };
  const unfinished = await pageOf({ evaluated: false, done: 3 });
  assert.match(unfinished, /petl-video evaluate runs\/adaptformer-seed0/);
  assert.match(unfinished, /petl-video train --resume runs\/adaptformer-seed0/);
  assert.match(unfinished, /Top-1 in validation/);
  assert.match(unfinished, /single view in the middle, after epoch 3/);
  assert.doesNotMatch(unfinished, /id="confusion"/);
  assert.match(await pageOf({ evaluated: false, done: 0 }), /Nothing has been logged yet/);
  assert.match(await pageOf({ done: 1, epochs: 1, linesPerEpoch: 1 }), /1 of 1/);
  for (const made of [
    { evaluated: false, done: 0 },
    { done: 1, epochs: 1, linesPerEpoch: 1 },
  ]) {
    assert.doesNotMatch(await pageOf(made), /NaN|Infinity|undefined/);
  }
});

test('what is measured stands with its protocol and its counts', async () => {
  const page = reportPage(await madeReport([madeResults({ videos: 90, failsEvery: 45 })]));
  assert.match(page, /made validation, 7 classes; 8 frames × stride 4 at 32 px; 2 segments × 3 crops, mean of softmax/);
  assert.match(page, /90 of 93 listed videos: 3 missing, not counted; 2 could not be decoded, counted as wrong/);
  assert.match(page, /no frame could be decoded/);
});

test('runs of other classes are not set side by side by class', async () => {
  const page = reportPage(await madeReport([madeResults(), madeResults({ classes: ['a', 'b'], seed: 1 })]));
  assert.match(page, /The runs do not know the same classes/);
  assert.match(page, /another data set|other classes/);
  assert.doesNotMatch(page, /id="classes-table"/);
});
