import { readFile } from 'node:fs/promises';

/** The most memory that this process ever held, weights, runtime and all; not what lies on a graphics card. */
export async function peakMemory(): Promise<number> {
  // getrusage's figure outlives exec, so that a large parent would be taken for this process.
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return 1024 * Number(kibibytes);
}
