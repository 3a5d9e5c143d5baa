import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as Load from '../../../src/video/library/load.ts';
import { checkDecoder, findLibrary } from '../../../src/video/library/load.ts';
import { withFolder } from '../ffmpegs.ts';

const MISSING = { kind: 'environment', message: /node-av cannot be used(?:.|\n)*→ npm install node-av@6/ };

/** Our compiled code where no package is, or a package of that name that we put there. */
function elsewhere(check: (load: typeof Load, packages: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    await mkdir(path.join(folder, 'dist'), { recursive: true });
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    await cp('dist/src/errors', path.join(folder, 'dist/src/errors'), { recursive: true });
    await cp('dist/src/video/library', path.join(folder, 'dist/src/video/library'), { recursive: true });
    const { href } = pathToFileURL(path.join(folder, 'dist/src/video/library/load.js'));
    await check((await import(href)) as typeof Load, path.join(folder, 'node_modules'));
  });
}

test('where node-av is not installed, that is said, and how to get it', () =>
  elsewhere(async (load) => {
    assert.equal(await load.findLibrary(), undefined);
    assert.throws(() => load.checkDecoder('node-av'), MISSING);
    assert.doesNotThrow(() => load.checkDecoder('ffmpeg'));
    await assert.rejects(load.loadLibrary(), MISSING);
  }));

test('where it does not load, that too', () =>
  elsewhere(async (load, packages) => {
    const folder = path.join(packages, 'node-av');
    await mkdir(path.join(folder, 'dist/lib'), { recursive: true });
    const exported = { './lib': './dist/lib/index.js', './constants': './dist/lib/index.js' };
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ version: '6.0.0', exports: exported }));
    await writeFile(path.join(folder, 'dist/lib/index.js'), "throw new Error('no binary for this platform');");
    assert.equal((await load.findLibrary())?.version, '6.0.0');
    await assert.rejects(load.loadLibrary(), { kind: 'environment', message: /no binary for this platform/ });
  }));

test('this installation is found as it is', async () => {
  const found = await findLibrary();
  if (found === undefined) assert.throws(() => checkDecoder('node-av'), MISSING);
  else assert.match(found.version, /^\d+\.\d+/);
});
