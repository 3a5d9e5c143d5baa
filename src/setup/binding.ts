/**
 * Builds tfjs-node-gpu's own binding, its C++ sources as they are, against a libtensorflow of the cache: one compiler
 * call of about 8 s (g++) with the headers of Node-API 8, which every Node from 12.19 on understands. Node's symbols
 * stay open and are found in the running program; libtensorflow is found relative to the binding's own place.
 */

import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { environmentError } from '../errors/index.ts';
import { isPublished, publish } from './cache.ts';
import { type Compiler, withCompiler } from './compiler.ts';
import { runProgram } from './executables.ts';
import type { Source } from './fetch-wheel.ts';
import { type Flavour, LIBRARIES, libtensorflowFolder, libtensorflowKey } from './libtensorflow.ts';
import { findTfjsPackage, TFJS_VERSION } from './tfjs-node-gpu.ts';

export interface Loaded {
  /** Version of libtensorflow, as it says itself. */
  readonly version: string;
  readonly gpu: boolean;
}

const BINDING = 'tfjs_binding.node';
const MUTE = 'mute.node';

/** Where the binding of that flavour is, once it was built. */
export function bindingFile(cache: string, flavour: Flavour): string {
  return path.join(bindingFolder(cache, flavour), BINDING);
}

/** The addon that silences stderr while a binding of the cache loads: `mute()`, `unmute()`. */
export function muteFile(cache: string, flavour: Flavour): string {
  return path.join(bindingFolder(cache, flavour), MUTE);
}

function bindingFolder(cache: string, flavour: Flavour): string {
  return path.join(cache, 'binding', `${TFJS_VERSION}-${libtensorflowKey(flavour)}`);
}

/** Whether libtensorflow and binding of that flavour are both in the cache, whole. Takes a few milliseconds. */
export async function isBindingReady(cache: string, flavour: Flavour): Promise<boolean> {
  const both = [bindingFolder(cache, flavour), libtensorflowFolder(cache, flavour)];
  return (await Promise.all(both.map(isPublished))).every(Boolean);
}

/** Builds the binding where the cache has none, and resolves with its file. libtensorflow must be there. */
export async function provideBinding(flavour: Flavour, searchPath: string, source: Source): Promise<string> {
  const folder = bindingFolder(source.cache, flavour);
  if (await isPublished(folder)) return bindingFile(source.cache, flavour);
  const tfjs = findTfjsPackage();
  if (tfjs.version !== TFJS_VERSION) {
    throw environmentError(`@tensorflow/tfjs-node-gpu is version ${tfjs.version}; ${TFJS_VERSION} is needed`, {
      at: tfjs.folder,
      remedy: `npm install --ignore-scripts @tensorflow/tfjs-node-gpu@${TFJS_VERSION}`,
    });
  }
  await withCompiler(searchPath, source, (compiler) =>
    publish(source.cache, folder, async (staging) => {
      source.listener.note(`building the TensorFlow binding with ${compiler.name}`);
      const libtensorflow = libtensorflowFolder(source.cache, flavour);
      await compile(compiler, bindingArguments(tfjs.folder, libtensorflow, staging), staging, source.signal);
      await compile(compiler, await muteArguments(staging), staging, source.signal);
      // Staging lies as deep in the cache as the final place, so that the relative search path holds in both.
      await tryBinding(path.join(staging, BINDING), source.signal);
    }),
  );
  return bindingFile(source.cache, flavour);
}

/** The arguments that compile the binding of the package `tfjs` into `folder`. */
function bindingArguments(tfjs: string, libtensorflow: string, folder: string): string[] {
  const libraries = path.join(libtensorflow, 'tensorflow');
  const origin = process.platform === 'darwin' ? '@loader_path' : '$ORIGIN';
  return [
    `-I${path.join(libraries, 'include')}`,
    path.join(tfjs, 'binding', 'tfjs_backend.cc'),
    path.join(tfjs, 'binding', 'tfjs_binding.cc'),
    ...['-o', path.join(folder, BINDING)],
    ...LIBRARIES.map((name) => path.join(libraries, name)),
    `-Wl,-rpath,${origin}/${path.relative(folder, libraries)}`,
  ];
}

/**
 * While libtensorflow 2.21 is being loaded it prints lines about oneDNN that no setting prevents: it has not read
 * TF_CPP_MIN_LOG_LEVEL by then. This addon points stderr elsewhere for as long as that takes.
 */
const MUTE_SOURCE = `
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static int kept = -1;

static napi_value mute(napi_env, napi_callback_info) {
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept < 0 && nowhere >= 0 && (kept = fcntl(2, F_DUPFD_CLOEXEC, 3)) >= 0) dup2(nowhere, 2);
  if (nowhere >= 0) close(nowhere);
  return nullptr;
}

static napi_value unmute(napi_env, napi_callback_info) {
  if (kept >= 0) {
    dup2(kept, 2);
    close(kept);
    kept = -1;
  }
  return nullptr;
}

NAPI_MODULE_INIT() {
  napi_property_descriptor functions[] = {
    {"mute", nullptr, mute, nullptr, nullptr, nullptr, napi_default, nullptr},
    {"unmute", nullptr, unmute, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
`;

/** The arguments that compile that addon, its source included, into `folder`. */
async function muteArguments(folder: string): Promise<string[]> {
  const source = path.join(folder, 'mute.cc');
  await writeFile(source, MUTE_SOURCE);
  return [source, '-o', path.join(folder, MUTE)];
}

async function compile(
  compiler: Compiler,
  args: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const nodeApi = path.join(path.dirname(createRequire(import.meta.url).resolve('node-api-headers')), 'include');
  const addon = ['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${nodeApi}`];
  const open = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
  const all = [...compiler.args, ...addon, ...args, ...open];
  const ran = await runProgram(compiler.file, all, { signal, timeout: 600_000, env: compiler.env, folder });
  if (ran.code === 0) return;
  throw environmentError(`${compiler.name} could not build the TensorFlow binding:\n${ran.stderr.slice(0, 2000)}`, {
    at: compiler.file,
    remedy: 'install a C++17 compiler, such as g++ 8 or later (apt-get install g++)',
  });
}

/**
 * Loads a binding in a process of its own, where a library that crashes while it loads does no harm.
 *
 * @throws environment error with the loader's own words
 */
export async function tryBinding(file: string, signal: AbortSignal): Promise<Loaded> {
  const script = `const b = require(${JSON.stringify(file)});
    console.log(JSON.stringify({ version: b.TF_Version, gpu: b.isUsingGpuDevice() }))`;
  // Reading the 850 MB of libtensorflow from a slow disk takes its time.
  const options = { signal, timeout: 300_000, env: { TF_CPP_MIN_LOG_LEVEL: '2' } };
  const ran = await runProgram(process.execPath, ['-e', script], options);
  const line = ran.stdout.trim().split('\n').at(-1) ?? '';
  if (ran.code === 0 && line.startsWith('{')) return JSON.parse(line) as Loaded;
  const why = /^(?:Error: )(.+)$/m.exec(ran.stderr)?.[1] ?? ran.stderr.trim().slice(-500);
  throw environmentError(`the TensorFlow binding does not load: ${why}`, {
    at: file,
    remedy: 'remove this file and run: petl-video setup',
  });
}
