import assert from 'node:assert/strict';
import { cp, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { refused, succeeds } from './cli.ts';
import { ffmpegHere, makeProject } from './project.ts';

const ffmpeg: Ffmpeg | undefined = await ffmpegHere();
const skip = ffmpeg === undefined && 'needs ffmpeg';

let folder = '';
before(async () => {
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  await succeeds(['train', 'recipe.yaml', '--out', 'runs/one'], { folder });
});
after(async () => {
  if (folder !== '') await rm(folder, { recursive: true });
});

/** Without fonts, style and pictures. */
async function page(file: string): Promise<string> {
  const html = await readFile(path.join(folder, file), 'utf8');
  return html.slice(html.indexOf('<main>'), html.lastIndexOf('<script>'));
}

const clips = (html: string): number => html.match(/<div class="strip"/g)?.length ?? 0;

test('a run that is not evaluated has a report that says how to, and where it was trained', { skip }, async () => {
  const { stdout } = await succeeds(['report', 'runs/one', '--json'], { folder });
  const { file, bytes, runs } = JSON.parse(stdout);
  assert.deepEqual([file, runs], ['runs/one/report.html', ['runs/one']]);
  assert.equal(bytes, (await stat(path.join(folder, file))).size);
  const html = await page(file);
  assert.match(html, /petl-video evaluate runs\/one/);
  assert.match(html, /First batch/);
  assert.match(html, new RegExp(`<th scope="row">Node</th><td>v?${process.versions.node}</td>`));
  assert.equal(clips(html), 0);
});

test('an evaluated one shows its videos, as many as asked', { skip }, async () => {
  await succeeds(['evaluate', 'runs/one'], { folder });
  const { stdout } = await succeeds(['report', 'runs/one'], { folder });
  assert.match(stdout, /^runs\/one\/report\.html \(\d\.\d MB\)\n$/);
  const html = await page('runs/one/report.html');
  assert.match(html, /videos validation, 2 classes; 2 frames × stride 2 at 16 px/);
  // Four videos to validate: each is right or wrong.
  assert.equal(clips(html), 4);
  assert.match(html, /<div class="picture-\d" style="--frames:2;/);

  await succeeds(['report', 'runs/one', '--no-videos', '--out', 'none.html'], { folder });
  assert.equal(clips(await page('none.html')), 0);
  await refused(
    ['report', 'runs/one', '--videos', 'many'],
    { folder },
    { code: 2, says: '--videos many: give a number of videos' },
  );
  await refused(['report', 'runs/none'], { folder }, { code: 4, says: /no run/, at: 'runs/none' });
});

test('several are compared, in the folder they share', { skip }, async () => {
  await cp(path.join(folder, 'runs/one'), path.join(folder, 'runs/more/two'), { recursive: true });
  const { stdout } = await succeeds(['report', 'runs', '--videos', '1'], { folder });
  assert.match(stdout, /^runs\/report\.html /);
  const html = await page('runs/report.html');
  assert.match(html, /2 runs compared/);
  assert.match(html, /more\/two/);
  assert.match(html, /paired bootstrap/);
});

test('where the data set is gone the report is made without pictures, and says so', { skip }, async () => {
  await rename(path.join(folder, 'data'), path.join(folder, 'moved'));
  const { stderr } = await succeeds(['report', 'runs/one'], { folder });
  assert.match(stderr, /There are no pictures of the clips/);
  const html = await page('runs/one/report.html');
  assert.match(html, /There are no pictures of the clips/);
  assert.equal(clips(html), 0);
  await rename(path.join(folder, 'moved'), path.join(folder, 'data'));
  await rename(path.join(folder, 'videos'), path.join(folder, 'gone'));
  await succeeds(['report', 'runs/one'], { folder });
  assert.match(await page('runs/one/report.html'), /4 of 4 clips could not be read/);
});
