/**
 * What the README shows: every command is one that the program knows, with files that are there where they are ours; the first
 * look, a person's own videos, long videos and the library are run as they stand.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseWords } from '../../src/cli/program.ts';
import { run, start, succeeds } from '../pipelines/cli.ts';
import { ffmpegHere, makeProject } from '../pipelines/project.ts';
import { commandsOf, readmeBlocks, wordsOf } from './blocks.ts';

const blocks = await readmeBlocks();
const shell = blocks.filter(({ language }) => language === 'sh');
const commands = shell.flatMap(commandsOf);

test('every petl-video command of the README is one, with its options', async () => {
  const known = commands.flatMap((command) => wordsOf(command) ?? []).length;
  assert.ok(known > 100, `${known} words`);
  for (const command of commands) {
    const words = wordsOf(command);
    if (words === undefined) {
      assert.match(command, /^(npm|curl|tensorboard) /, 'what else the README calls');
      continue;
    }
    let called = '';
    const code = await parseWords(words, async ({ name }) => {
      called = name;
    });
    assert.equal(code, undefined, command);
    assert.ok(words.join(' ').startsWith(called), command);
    for (const word of words.filter((one) => /^configs\//.test(one))) {
      assert.ok(await isThere(word), `${command}: ${word} is not there`);
    }
  }
});

test('npm scripts that the README names are there', async () => {
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
  const text = await readFile('README.md', 'utf8');
  const named = [...text.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name as string);
  assert.ok(named.length > 5);
  assert.deepEqual(
    named.filter((name) => !(name in scripts)),
    [],
  );
});

test('the examples in TypeScript are those that are compiled and run', async () => {
  const files = { './': '../../src/petl/', '../': '../../src/' };
  const inPetl = (text: string): string =>
    text.replaceAll(/from '(\.\.?\/)/g, (_, from: './' | '../') => `from '${files[from]}`);
  const inDatasets = (text: string): string =>
    text.replaceAll(/from '(\.\.?\/)/g, (_, from: string) => `from '../../${from === './' ? 'datasets/' : ''}`);
  const shown = new Map(blocks.filter(({ language }) => language === 'ts').map(({ section, text }) => [section, text]));
  const own = async (name: string): Promise<string> => (await readFile(`test/readme/${name}.ts`, 'utf8')).trimEnd();
  assert.equal(shown.get('From TypeScript'), await own('library'));
  assert.equal(inPetl(shown.get('A method of your own') ?? ''), await own('mlp-scale'));
  assert.equal(inDatasets(shown.get('A data set of your own') ?? ''), await own('kitchen'));
  assert.equal(shown.size, 3);
});

let folder: string | undefined;
before(async () => {
  const ffmpeg = await ffmpegHere();
  if (ffmpeg === undefined) return;
  folder = await makeProject(ffmpeg);
  // The quickstart's places, with videos and runs that take a second to make.
  const quickstart = path.join(folder, 'runs/quickstart');
  await mkdir(quickstart, { recursive: true });
  await cp(path.join(folder, 'videos'), path.join(quickstart, 'videos'), { recursive: true });
  const recipe = await readFile(path.join(folder, 'recipe.yaml'), 'utf8');
  for (const [name, method] of [
    ['adaptformer-vit-tiny', 'adaptformer, bottleneck: 4'],
    ['linear-vit-tiny', 'linear'],
  ]) {
    await writeFile(path.join(folder, `${name}.yaml`), recipe.replace(/^method: .*$/m, `method: { name: ${method} }`));
    await succeeds(['train', `${name}.yaml`, `run.folder=runs/quickstart/${name}`], { folder });
    await succeeds(['evaluate', `runs/quickstart/${name}`], { folder });
  }
  // And the names that stand for a person's own.
  await symlink('quickstart/adaptformer-vit-tiny', path.join(folder, 'runs/mine'));
  await cp(path.join(folder, 'videos/validation/up/0.mp4'), path.join(folder, 'film.mp4'));
  await cp(path.join(folder, 'videos/train'), path.join(folder, 'home/clips'), { recursive: true });
  await writeFile(
    path.join(folder, 'home/clips/list.csv'),
    'up/0.mp4,up\nup/1.mp4,up\ndown/0.mp4,down\ndown/1.mp4,down\n',
  );
});
after(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

/** The words as a shell would give them. */
const expanded = (words: readonly string[]): string[] =>
  words.map((word) => word.replace(/^~/, path.join(folder as string, 'home')));

test('the first sixty seconds, as they stand', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const section = shell.filter((block) => block.section === 'Sixty seconds').flatMap(commandsOf);
  assert.equal(section.length, 5);
  for (const command of section) {
    const words = wordsOf(command) as string[];
    if (words[0] !== 'serve') {
      assert.notEqual((await succeeds(words, { folder })).stdout, '', command);
      continue;
    }
    const serving = start([...words, '--port', '0'], { folder });
    const [first] = (await once(serving.child.stdout as Readable, 'data')) as [string];
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(first)?.[0] as string;
    const video = new Uint8Array(await readFile(path.join(folder, 'film.mp4')));
    const answer: Response = await fetch(`${address}/api/classify?name=film.mp4`, { method: 'POST', body: video });
    assert.equal(answer.status, 200);
    serving.child.kill('SIGINT');
    assert.deepEqual((await serving.ended).leftover, []);
  }
  const made = await readdir(path.join(folder, 'runs/quickstart'), { recursive: true });
  for (const file of ['report.html', 'embedding/tsne.svg', 'embedding/tsne.png', 'embedding/tsne.html']) {
    assert.ok(made.includes(file), file);
  }
});

test("a person's own videos, as they stand", async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const section = shell.filter((block) => block.section === 'Your own videos or images').flatMap(commandsOf);
  assert.equal(section.length, 2);
  for (const command of section) {
    // Thirteen of a class are more than there are here.
    const words = expanded(wordsOf(command) as string[]).map((word) => (word === '13' ? '1' : word));
    await rm(path.join(folder, 'data/clips'), { recursive: true, force: true });
    await succeeds(words, { folder });
    const text: string = await readFile(path.join(folder, 'data/clips/dataset.json'), 'utf8');
    assert.deepEqual((JSON.parse(text) as { classes: string[] }).classes, ['down', 'up']);
  }
});

test('a long video and a stream, with windows of the frames that this run takes', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const section = shell.filter((block) => block.section === 'A long video, or a stream').flatMap(commandsOf);
  assert.equal(section.length, 2);
  const ffmpeg = await ffmpegHere();
  for (const command of section) {
    const words = (wordsOf(command) as string[]).map((word) => (word === '16x4' ? '2x2' : word));
    const piped = /^ffmpeg -i \S+ (.*) - \|/.exec(command)?.[1];
    const source = piped === undefined ? {} : { shell: `${ffmpeg?.path} -v error -i film.mp4 ${piped} - | "$@"` };
    const { code, stdout, stderr } = await run(words, { folder, ...source });
    assert.equal(code, 0, stderr);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { top: unknown[] });
    assert.ok(lines.length > 0 && lines.every(({ top }) => top.length === 2), command);
  }
});

test('the library, as it stands', async (t) => {
  if (folder === undefined) return t.skip('there is no ffmpeg');
  const said: unknown[][] = [];
  const [log, cwd] = [console.log, process.cwd()];
  console.log = (...words) => said.push(words);
  const example = pathToFileURL(path.resolve('dist/test/readme/library.js')).href;
  process.chdir(folder);
  try {
    await import(example);
  } finally {
    process.chdir(cwd);
    console.log = log;
  }
  assert.deepEqual(
    said
      .slice(0, 2)
      .map(([name]) => name)
      .sort(),
    ['down', 'up'],
  );
  assert.deepEqual(said[2], [16]);
});

async function isThere(place: string): Promise<boolean> {
  return stat(place).then(
    () => true,
    () => false,
  );
}
