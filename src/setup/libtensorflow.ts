/**
 * libtensorflow out of a TensorFlow wheel: the two shared libraries, and the folders with the 14 C headers that the
 * binding of tfjs-node-gpu includes. With CUDA also NVIDIA's libraries, in the places relative to TensorFlow's where
 * pip puts them, because the run-time search path inside libtensorflow points there (`$ORIGIN/../nvidia/<name>/lib`).
 */
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { environmentError } from '../errors/index.ts';
import type { Zip } from '../formats/zip.ts';
import { isPublished, publish, requireSpace } from './cache.ts';
import { type Source, withWheel } from './fetch-wheel.ts';
import { byteProgress } from './listener.ts';
import { TENSORFLOW_CPU, TENSORFLOW_CUDA, TENSORFLOW_VERSION, thisPlatform, type Wheel } from './wheels.ts';

export type Flavour = 'cpu' | 'cuda';

export function libtensorflowFolder(cache: string, flavour: Flavour): string {
  return path.join(cache, 'libtensorflow', libtensorflowKey(flavour));
}

/** Names what was taken, so that another version or platform never meets this one's files. */
export function libtensorflowKey(flavour: Flavour): string {
  return `${TENSORFLOW_VERSION}-${flavour}-${thisPlatform}`;
}

/** What to link with, in the folder `tensorflow` of a libtensorflow. */
export const LIBRARIES: readonly string[] =
  process.platform === 'darwin'
    ? ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib']
    : ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

const HEADERS =
  /^tensorflow\/include\/(tensorflow\/c\/(eager\/)?|(tensorflow\/core|tsl)\/platform\/ctstring|xla\/tsl\/c\/)\w*\.h$/;

/** What of the CUDA wheels is used at run time: shared libraries, and what XLA compiles with. */
const NVIDIA = /^nvidia\/(\w+\/lib\/[^/]+\.so[.\d]*|cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/.+\.bc))$/;

/** Makes the folder of that flavour exist, downloading where it does not, and resolves with it. */
export async function provideLibtensorflow(flavour: Flavour, source: Source): Promise<string> {
  const folder = libtensorflowFolder(source.cache, flavour);
  if (await isPublished(folder)) return folder;
  const wheels = wheelsFor(flavour);
  const largest = Math.max(...wheels.map(({ bytes }) => bytes));
  const unpacked = wheels.reduce((sum, wheel) => sum + wheel.unpacked, 0);
  await requireSpace(source.cache, largest + unpacked, 'libtensorflow');
  await publish(source.cache, folder, async (staging) => {
    for (const wheel of wheels) await withWheel(wheel, source, (zip) => unpack(zip, staging, source));
  });
  return folder;
}

function wheelsFor(flavour: Flavour): readonly Wheel[] {
  const cpu = TENSORFLOW_CPU[thisPlatform];
  const wheels = flavour === 'cuda' ? TENSORFLOW_CUDA[thisPlatform] : cpu && [cpu];
  if (wheels === undefined) {
    const what = flavour === 'cuda' ? 'TensorFlow with CUDA' : 'TensorFlow';
    throw environmentError(`there is no ${what} for ${thisPlatform} that set-up could take`, {
      remedy:
        'use Linux on x64 (on Windows: WSL 2), or let the install script of @tensorflow/tfjs-node-gpu bring its own',
    });
  }
  requireGlibc();
  return wheels;
}

/** The wheels are built for glibc 2.27 and newer, and for no other C library. */
function requireGlibc(): void {
  if (process.platform !== 'linux') return;
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const version = header.glibcVersionRuntime;
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (major > 2 || (major === 2 && minor >= 27)) return;
  throw environmentError(
    `TensorFlow needs glibc 2.27 or newer; this system has ${version === undefined ? 'another C library' : `glibc ${version}`}`,
    { remedy: 'use a distribution from 2018 or later that is based on glibc, such as Debian or Ubuntu' },
  );
}

async function unpack(zip: Zip, folder: string, source: Source): Promise<void> {
  const libraries = LIBRARIES.map((name) => `tensorflow/${name}`);
  const wanted = [...zip.entries.values()].filter(
    ({ name }) => libraries.includes(name) || HEADERS.test(name) || NVIDIA.test(name),
  );
  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  const progress = byteProgress(source.listener, 'unpacking libtensorflow', total);
  let before = 0;
  try {
    for (const { name, size } of wanted) {
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), { recursive: true });
      const onBytes = (done: number): void => progress.update(before + done);
      await zip.extract(name, file, { signal: source.signal, onBytes });
      // The file's mode is not kept in unpacking; this one XLA runs.
      if (name.endsWith('/bin/ptxas')) await chmod(file, 0o755);
      before += size;
    }
  } finally {
    progress.end();
  }
}
