/**
 * What this process and all those it started cost: processor time and memory, from /proc. Linux alone; elsewhere nothing is
 * told rather than a part of it.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Of proc(5): clock ticks per second are 100 on every Linux that Node runs on. */
const TICKS = 100;
const SAMPLE_MS = 200;

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its own and that of its children that have ended. */
  readonly ticks: number;
}

/** Processor seconds so far, user and system; undefined where there is no /proc. */
export function treeSeconds(): number | undefined {
  const tree = processTree();
  return tree && tree.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS;
}

/** Samples resident memory until it is stopped. Pages that processes share count in each of them. */
export function watchMemory(): { stop(): void; peakBytes(): number | undefined } {
  let peak: number | undefined;
  const sample = (): void => {
    const now = processTree()?.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
    if (now !== undefined) peak = Math.max(peak ?? 0, now);
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  timer.unref();
  return { stop: () => clearInterval(timer), peakBytes: () => peak };
}

/** This process and its descendants. A process that ends while it is read has told its parent what it cost. */
function processTree(): readonly Process[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readProcess(Number(name)) : []));
  const tree = all.filter(({ pid }) => pid === process.pid);
  for (let i = 0; i < tree.length; i++) tree.push(...all.filter(({ parent }) => parent === tree[i]?.pid));
  return tree;
}

/** Fields of /proc/<pid>/stat by their numbers in proc(5): 4 ppid, 14-17 utime, stime, cutime, cstime. */
function readProcess(pid: number): Process[] {
  const text = readFileOf(pid, 'stat');
  if (text === undefined) return [];
  // The second field, the name in brackets, may hold blanks and brackets.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const field = (number: number): number => fields[number - 3] ?? 0;
  return [{ pid, parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) }];
}

function residentBytes(pid: number): number {
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileOf(pid, 'status') ?? '')?.[1];
  return 1024 * Number(kibibytes ?? 0);
}

/** Undefined for a process that is gone. */
function readFileOf(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}
