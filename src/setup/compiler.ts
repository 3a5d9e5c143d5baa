/**
 * The C++ compiler that builds the binding: one on the search path, or else the Zig tool chain out of its wheel
 * (98 MB, unpacked 390 MB), which brings clang, a linker and a C++ library, is used once and removed again.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { environmentError } from '../errors/index.ts';
import { inStaging } from './cache.ts';
import { findOnPath, runProgram } from './executables.ts';
import { type Source, withWheel } from './fetch-wheel.ts';
import { thisPlatform, ZIG } from './wheels.ts';

export interface Compiler {
  readonly name: string;
  readonly file: string;
  /** Arguments before all others. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const COMPILERS = ['g++', 'clang++', 'c++'];

/** A compiler on the search path that answers when asked for its version, or undefined. */
export async function findCompiler(searchPath: string, signal: AbortSignal): Promise<Compiler | undefined> {
  for (const name of COMPILERS) {
    const file = await findOnPath(name, searchPath);
    // On a Mac without developer tools `c++` exists and only says how to install them.
    if (file !== undefined && (await runProgram(file, ['--version'], { signal })).code === 0) {
      return { name, file, args: [], env: {} };
    }
  }
  return undefined;
}

/** Runs `use` with a compiler of the search path, or with Zig's when there is none. */
export async function withCompiler<T>(
  searchPath: string,
  source: Source,
  use: (compiler: Compiler) => Promise<T>,
): Promise<T> {
  const found = await findCompiler(searchPath, source.signal);
  if (found !== undefined) return use(found);
  const wheel = ZIG[thisPlatform];
  if (wheel === undefined) {
    throw environmentError(`no C++ compiler was found (looked for ${COMPILERS.join(', ')} on the search path)`, {
      remedy: process.platform === 'darwin' ? 'xcode-select --install' : 'install a C++ compiler',
    });
  }
  source.listener.note('no C++ compiler on the search path: taking the one of the ziglang wheel for this once');
  return inStaging(source.cache, 'zig', async (folder) => {
    await withWheel(wheel, source, async (zip) => {
      for (const { name } of zip.entries.values()) {
        if (name.endsWith('/') || !isNeeded(name)) continue;
        source.signal.throwIfAborted();
        const file = path.join(folder, name);
        await mkdir(path.dirname(file), { recursive: true });
        // 10,000 small files that live for a minute: not worth the flush to disk that `extract` gives each.
        await writeFile(file, await zip.read(name));
      }
    });
    const file = path.join(folder, 'ziglang', 'zig');
    await chmod(file, 0o755);
    const caches = path.join(folder, 'compiled');
    return use({
      name: 'zig c++',
      file,
      // The oldest C library that TensorFlow's own wheels run on; -w silences 2 MB of warnings about Zig's own headers.
      args: ['c++', '-target', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu.2.27`, '-w'],
      env: { ZIG_GLOBAL_CACHE_DIR: caches, ZIG_LOCAL_CACHE_DIR: caches },
    });
  });
}

/** Zig carries the headers of every system it can compile for; those of other systems are half of its files. */
function isNeeded(name: string): boolean {
  if (!name.startsWith('ziglang/')) return false;
  const system = /^ziglang\/lib\/libc\/include\/([^/]+)\//.exec(name)?.[1];
  return system === undefined || /-linux(-|$)|generic-glibc|^(x86|aarch64|any)-linux/.test(system);
}
