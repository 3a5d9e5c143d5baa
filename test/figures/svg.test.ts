import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Figure } from '../../src/figures/figure.ts';
import { panelsFigure } from '../../src/figures/panels.ts';
import { pngOf } from '../../src/figures/png.ts';
import { svgOf } from '../../src/figures/svg.ts';
import { closeBrowser, skipsBrowser, watchedPage } from '../pages/browser.ts';
import { rings } from './made-panels.ts';

after(closeBrowser);

const HOSTILE = ['</text><script>alert(1)</script>', `"'&amp;<`, 'bell\u0007 half\ud800 nul\0', '打开门 <b>', 'é Ω Ж'];

const hostile = panelsFigure({
  panels: rings(50, 5, 2).map((panel, i) => ({ ...panel, title: HOSTILE[i] as string, note: HOSTILE[2] as string })),
  classes: HOSTILE,
  heading: HOSTILE[0] as string,
  footnote: HOSTILE[3] as string,
});

test('an SVG is well-formed whatever names are in it, and has none of them as elements', {
  skip: skipsBrowser,
}, async (t) => {
  const { page } = await watchedPage(t);
  const facts = await page.evaluate((svg) => {
    const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
    const root = parsed.documentElement;
    return {
      errors: parsed.querySelectorAll('parsererror').length,
      names: [...new Set([...parsed.querySelectorAll('*')].map(({ tagName }) => tagName))].sort(),
      title: root.querySelector('title')?.textContent,
      texts: [...root.querySelectorAll('text')].map(({ textContent }) => textContent),
      labels: [...root.querySelectorAll('path[aria-label]')].map((path) => path.getAttribute('aria-label')),
    };
  }, svgOf(hostile));
  assert.equal(facts.errors, 0);
  assert.deepEqual(facts.names, ['circle', 'desc', 'g', 'path', 'rect', 'svg', 'text', 'title']);
  assert.equal(facts.title, HOSTILE[0]);
  assert.ok(facts.labels.includes(HOSTILE[1] as string) && facts.labels.includes('é Ω Ж'), 'outlines');
  // What the font has no letter for stays text.
  assert.ok(facts.texts.includes('打开门 <b>'));
});

test('the PNG is what Chromium makes of the SVG', { skip: skipsBrowser }, async (t) => {
  const { page } = await watchedPage(t);
  const figures: Figure[] = [
    panelsFigure({ panels: rings(300, 7, 2), classes: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], heading: 'Heading' }),
    panelsFigure({ panels: rings(4000, 40, 1), classes: Array.from({ length: 40 }, (_, i) => `class ${i}`) }),
    {
      ...{ width: 60, height: 40, title: '', description: '' },
      marks: [
        { kind: 'line', through: [5, 5, 30, 20, 55, 8], width: 1.5, paint: 'ink' },
        { kind: 'box', x: 5, y: 25, width: 20, height: 10, fill: 'faint', edge: { width: 0.5, paint: 'ink' } },
        { kind: 'text', text: 'Age', x: 40, y: 36, anchor: 'middle', size: 11, weight: 'semibold', paint: 'quiet' },
      ],
    },
  ];
  for (const [i, figure] of figures.entries()) {
    const png = `data:image/png;base64,${Buffer.from(await pngOf(figure, 2)).toString('base64')}`;
    const svg = `data:image/svg+xml;base64,${Buffer.from(svgOf(figure)).toString('base64')}`;
    const [difference, ink] = await page.evaluate(
      async ([ours, theirs]) => {
        const draw = async (url: string, size?: HTMLImageElement) => {
          const image = new Image();
          image.src = url;
          await image.decode();
          const canvas = document.createElement('canvas');
          [canvas.width, canvas.height] = [size?.width ?? image.width, size?.height ?? image.height];
          const context = canvas.getContext('2d') as CanvasRenderingContext2D;
          context.drawImage(image, 0, 0, canvas.width, canvas.height);
          return { image, data: context.getImageData(0, 0, canvas.width, canvas.height).data };
        };
        const one = await draw(ours);
        const other = await draw(theirs, one.image);
        let [sum, inked] = [0, 0];
        for (let j = 0; j < one.data.length; j++) {
          sum += Math.abs((one.data[j] as number) - (other.data[j] as number));
          inked += 255 - (one.data[j] as number);
        }
        return [sum, inked] as const;
      },
      [png, svg] as const,
    );
    // Of the ink 5 % lies elsewhere: edges that fall on another quarter of a pixel.
    assert.ok(difference < 0.12 * ink, `figure ${i}: ${(difference / ink).toFixed(4)}`);
  }
});
