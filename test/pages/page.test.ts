import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { dataUrl } from '../../src/formats/data-url.ts';
import { html, jsonData, raw } from '../../src/pages/markup.ts';
import { document } from '../../src/pages/page.ts';
import { accessibilityFaults, closeBrowser, skipsBrowser, watchedPage } from './browser.ts';

after(closeBrowser);

const HOSTILE = `</script><img src=x onerror="document.title='owned'">&'"`;

test('what is put into a template is text, and stays text', () => {
  assert.equal(
    html`<b title="${HOSTILE}">${HOSTILE}${[1, 'a<']}${html`<i>${'&'}</i>`}${false}${undefined}</b>`.html,
    `<b title="${'&lt;/script&gt;&lt;img src=x onerror=&quot;document.title=&#39;owned&#39;&quot;&gt;&amp;&#39;&quot;'}">` +
      '&lt;/script&gt;&lt;img src=x onerror=&quot;document.title=&#39;owned&#39;&quot;&gt;&amp;&#39;&quot;1a&lt;<i>&amp;</i></b>',
  );
  const data = jsonData('facts', { name: HOSTILE });
  assert.ok(!data.html.includes('</script><img'));
  assert.deepEqual(JSON.parse(/>(.*)<\/script>$/.exec(data.html)?.[1] as string), { name: HOSTILE });
});

test('a page opens from a file with no fault, in its own font, whatever names are in it', {
  skip: skipsBrowser,
}, async (t) => {
  const { page, faults } = await watchedPage(t);
  const dot = Buffer.from('R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw==', 'base64');
  const picture = raw(`<img alt="a dot" src="${dataUrl('image/gif', dot)}">`);
  const body = html`<main><h1>${HOSTILE}</h1>${jsonData('facts', [HOSTILE])}${picture}</main>`;
  await page.setContent(document({ title: HOSTILE, name: 'report', body }));
  assert.equal(await page.title(), HOSTILE);
  assert.equal(await page.locator('h1').textContent(), HOSTILE);
  assert.equal(await page.evaluate(`document.fonts.check('16px "IBM Plex Sans"') && document.fonts.size`), 2);
  assert.deepEqual(await accessibilityFaults(page), []);
  assert.deepEqual(faults, []);
});

test('the watch sees a console error, an exception, and a request that the policy stops', {
  skip: skipsBrowser,
}, async (t) => {
  const { page, faults } = await watchedPage(t);
  const body = html`<h1>x</h1><img alt="" src="http://192.0.2.1/x.png">`;
  await page.setContent(document({ title: 'x', name: 'report', body }), { waitUntil: 'domcontentloaded' });
  await page.evaluate(`setTimeout(() => { throw new Error('late') }); console.error('said')`);
  await page.waitForTimeout(50);
  assert.ok(faults.some((fault) => fault.startsWith('console: said')));
  assert.ok(faults.some((fault) => fault.startsWith('thrown: late')));
  assert.ok(faults.some((fault) => /192\.0\.2\.1/.test(fault)));
  faults.length = 0;
});
