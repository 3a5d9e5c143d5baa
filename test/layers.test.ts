/**
 * The rooms of the house and who may import whom, as data, held against every import of src, pipelines and datasets.
 * Arrows point down only. A room is a folder of src; pipelines, datasets and src/index.ts are rooms too.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { computedImports, lineOf, readImports, withoutComments } from './read-imports.ts';

const TRAIN_AND_EVAL = ['petl', 'model', 'engine', 'data', 'tensor', 'formats', 'errors'];
const LIBRARY = [
  ...['errors', 'tensor', 'formats', 'setup', 'graph', 'model', 'video', 'petl', 'engine', 'data', 'eval', 'train'],
  ...['drawing', 'export', 'config', 'projection', 'results', 'figures', 'pages', 'inference', 'serve'],
];
const UP_TO_CONFIG = ['config', 'eval', 'train', ...TRAIN_AND_EVAL];

/** Room → what it may import: a room, or a single file of one. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  tensor: ['errors'],
  formats: ['errors'],
  setup: ['formats', 'errors'],
  graph: ['tensor', 'formats', 'errors'],
  model: ['tensor', 'formats', 'errors'],
  video: ['formats', 'setup', 'errors'],
  petl: ['model', 'tensor', 'formats', 'errors'],
  engine: ['graph', 'tensor', 'setup', 'formats', 'errors'],
  drawing: ['formats', 'errors', 'src/video/window.ts'],
  data: ['drawing', 'video', 'formats', 'errors', 'src/tensor/random.ts', 'src/tensor/host.ts'],
  eval: TRAIN_AND_EVAL,
  train: ['eval', ...TRAIN_AND_EVAL],
  export: ['eval', 'graph', ...TRAIN_AND_EVAL],
  config: ['petl', 'model', 'data', 'errors', 'src/engine/options.ts'],
  projection: ['engine', 'errors', 'src/tensor/random.ts', 'src/tensor/host.ts'],
  results: UP_TO_CONFIG,
  figures: ['drawing', 'formats', 'errors'],
  pages: ['results', 'figures', 'drawing', 'formats', 'errors', 'src/eval/counts.ts'],
  inference: ['drawing', 'video', 'setup', ...UP_TO_CONFIG],
  serve: ['inference', 'pages', 'video', 'data', 'drawing', 'formats', 'errors'],
  datasets: ['data', 'formats', 'errors'],
  index: LIBRARY,
  pipelines: ['datasets', ...LIBRARY],
  cli: ['pipelines', 'config', 'setup', 'errors'],
};

/** What the drawing promises by name; also by way of other rooms. */
const NEVER = [
  ['model', 'petl'],
  ['petl', 'train'],
  ['video', 'tensor'],
  ['data', 'model'],
] as const;

/** Packages that stay replaceable because one file alone knows them, and the folder of that file. */
const ONE_FILE_EACH = {
  'fluent-ffmpeg': 'src/video',
  'ffmpeg-static': 'src/video',
  commander: 'src/cli',
};

/** What only src/cli does: to read the environment and arguments, to exit, to write to the terminal. */
const COMMAND_LINE_ONLY =
  /(?<![\w./])(?:process(?:\.|\?\.)(?:env|argv|exit|exitCode|abort|stdin|stdout|stderr)\b|console\.\w+)|'node:process'/g;

/** Each use elsewhere, and why it must be there. */
const EXCEPTIONS: Readonly<Record<string, { readonly use: string; readonly because: string }>> = {
  'src/engine/tensorflow-binding.ts': {
    use: 'process.env',
    because: 'libtensorflow reads its log level, threads and devices from the environment while it loads',
  },
  'src/engine/onnxruntime-library.ts': {
    use: 'process.env',
    because: 'CUDA has no other place for whether products are rounded to TensorFloat-32',
  },
  'src/setup/executables.ts': {
    use: 'process.env',
    because: 'a child that gets variables of its own must be handed all the others too; none is looked at',
  },
  'src/inference/run.ts': {
    use: 'process.env',
    because: 'a program that imports the library has no command line to hand it the environment',
  },
  'src/setup/binding.ts': {
    use: 'console.log',
    because: 'inside the script of the child that tries the binding: its stdout is how it answers',
  },
};

const FORBIDDEN_NAMES = /(?:^|[-.])(?:utils?|helpers?|common|managers?|base|core|misc)(?:[-.]|$)/;

const root = process.cwd();

/** All TypeScript files of the folders, relative to the repository, with forward slashes. */
async function filesOf(...folders: readonly string[]): Promise<string[]> {
  const listed = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(path.join(root, folder), { recursive: true });
      return names
        .filter((name) => name.endsWith('.ts'))
        .map((name) => path.posix.join(folder, ...name.split(path.sep)));
    }),
  );
  return listed.flat().sort();
}

/** `src/petl/vpt-deep.ts` → `petl`, `src/index.ts` → `index`, `pipelines/train.ts` → `pipelines`. */
function roomOf(file: string): string {
  const [top = '', next = ''] = file.split('/');
  return top === 'src' ? next.replace(/\.ts$/, '') : top;
}

/** What is wrong with the imports of `file`, one line each. */
function wrongImports(file: string, source: string): string[] {
  const room = roomOf(file);
  const allowed = MAY_IMPORT[room];
  if (allowed === undefined) return [`${file}: the room '${room}' is not in the table`];
  const wrong = computedImports(source).map((line) => `${file}:${line}: import() of something that is not written out`);
  for (const { specifier, line } of readImports(source)) {
    if (!specifier.startsWith('.')) continue;
    const target = path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts');
    // package.json holds facts, no code.
    if (target === 'package.json' || roomOf(target) === room) continue;
    if (!allowed.includes(roomOf(target)) && !allowed.includes(target)) {
      wrong.push(`${file}:${line}: ${room} may not import ${target}`);
    }
  }
  return wrong;
}

function commandLineUses(file: string, source: string): string[] {
  if (roomOf(file) === 'cli') return [];
  const code = withoutComments(source);
  return [...code.matchAll(COMMAND_LINE_ONLY)]
    .filter((match) => match[0] !== EXCEPTIONS[file]?.use)
    .map((match) => `${file}:${lineOf(code, match.index)}: ${match[0]} belongs to src/cli`);
}

async function faultsOf(faults: (file: string, source: string) => string[]): Promise<string[]> {
  const files = await filesOf('src', 'pipelines', 'datasets');
  assert.ok(files.length > 100, `only ${files.length} files were found below ${root}`);
  const found = await Promise.all(
    files.map(async (file) => faults(file, await readFile(path.join(root, file), 'utf8'))),
  );
  return found.flat();
}

/** All rooms that `room` may reach, by way of others too. */
function reachable(room: string, seen = new Set<string>()): Set<string> {
  for (const target of MAY_IMPORT[room] ?? []) {
    const next = target.includes('/') ? roomOf(target) : target;
    if (seen.has(next)) continue;
    seen.add(next);
    // A single file opens its room no further; that it imports nothing else is for the one who lists it to see.
    if (!target.includes('/')) reachable(next, seen);
  }
  return seen;
}

test('every import points down', async () => {
  assert.deepEqual(await faultsOf(wrongImports), []);
});

test('the table itself points down, and keeps what the drawing promises', () => {
  for (const room of Object.keys(MAY_IMPORT)) assert.ok(!reachable(room).has(room), `${room} can reach itself`);
  for (const [room, other] of NEVER) assert.ok(!reachable(room).has(other), `${room} can reach ${other}`);
});

test('only src/cli reads the environment, exits and writes to the terminal', async () => {
  assert.deepEqual(await faultsOf(commandLineUses), []);
  for (const [file, { use }] of Object.entries(EXCEPTIONS)) {
    const code = withoutComments(await readFile(path.join(root, file), 'utf8'));
    assert.ok(code.includes(use), `${file} no longer uses ${use}: remove it from the exceptions`);
  }
});

test('some packages are known to one file alone', async () => {
  const importers = new Map<string, string[]>();
  await faultsOf((file, source) => {
    for (const specifier of new Set(readImports(source).map((imported) => imported.specifier))) {
      importers.set(specifier, [...(importers.get(specifier) ?? []), file]);
    }
    return [];
  });
  for (const [name, folder] of Object.entries(ONE_FILE_EACH)) {
    const files = importers.get(name) ?? [];
    assert.equal(files.length, 1, `${name} is imported by ${files.join(', ') || 'no file'}`);
    assert.equal(path.posix.dirname(files[0] as string), folder, name);
  }
});

test('no file or folder has a name that says nothing', async () => {
  const files = await filesOf('src', 'pipelines', 'datasets', 'test');
  assert.deepEqual(
    files.filter((file) => file.split('/').some((part) => FORBIDDEN_NAMES.test(part))),
    [],
  );
  assert.ok(
    FORBIDDEN_NAMES.test('utils.ts') && FORBIDDEN_NAMES.test('string-helper.ts') && FORBIDDEN_NAMES.test('core'),
  );
  assert.ok(!FORBIDDEN_NAMES.test('baseline.ts'));
});

test('a wrong import is seen in every form it can take', () => {
  const forms = {
    static: `import { x } from '../petl/index.ts';`,
    'over lines': `import {\n  type X,\n  y,\n} from '../petl/index.ts';`,
    type: `import type { X } from '../petl/index.ts';`,
    're-export': `export * from '../petl/index.ts';`,
    effect: `import '../petl/index.ts';`,
    dynamic: `const x = await import('../petl/index.ts');`,
    'type position': `let x: typeof import('../petl/index.ts');`,
    require: `const x = require('../petl/index.js');`,
    worker: `new Worker(new URL('../petl/index.js', import.meta.url));`,
    'after a comment with a quote': `// it's\nimport { x } from '../petl/index.ts';`,
  };
  for (const [form, source] of Object.entries(forms)) {
    const wrong = wrongImports('src/model/vit.ts', `${source}\n`);
    assert.equal(wrong.length, 1, form);
    assert.match(wrong[0] as string, /^src\/model\/vit\.ts:\d: model may not import src\/petl\/index\.ts$/, form);
    assert.deepEqual(wrongImports('src/train/train.ts', `${source}\n`), [], `${form}, from a room that may`);
  }
  assert.equal(wrongImports('src/model/vit.ts', 'await import(name);').length, 1);
  assert.equal(wrongImports('src/odds/ends.ts', '').length, 1);
  assert.deepEqual(
    wrongImports('src/model/vit.ts', `/**\n * import('../petl/index.ts')\n */\n// import('../petl/x.ts')`),
    [],
  );
});

test('of tensor, data may import two files', () => {
  assert.deepEqual(wrongImports('src/data/order.ts', `import { rng } from '../tensor/random.ts';`), []);
  assert.equal(wrongImports('src/data/sampling/dense.ts', `import { tf } from '../../tensor/tf.ts';`).length, 1);
});

test('a use of the environment is seen, one in a comment is none', () => {
  const uses = (source: string): number => commandLineUses('src/model/vit.ts', source).length;
  assert.equal(uses('const a = process.env.HOME;\nprocess.exit(1);\nconsole.log(a);\nprocess.stdout.write(a);'), 4);
  assert.equal(uses(`import { env } from 'node:process';`), 1);
  assert.equal(uses(`// process.env\nprocess.pid; import './process.ts';`), 0);
  assert.equal(commandLineUses('src/engine/tensorflow-binding.ts', 'process.env.A = process.argv[2]').length, 1);
});
