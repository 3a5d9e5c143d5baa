/** What the operating system's refusals mean to a person, for those that no caller foresaw: an unmounted disk, a full table. */
import { codeOf, environmentError, type PetlVideoError } from './index.ts';

const REFUSALS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  EACCES: ['permission denied', 'check its owner and mode'],
  EPERM: ['permission denied', 'check its owner and mode'],
  EROFS: ['the file system is read-only', 'choose a folder on another one'],
  EISDIR: ['this is a folder, not a file', 'check the path'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'check the path'],
  ELOOP: ['the links of the path lead in a circle', 'check the path'],
  ENAMETOOLONG: ['the name is too long for the file system', 'choose a shorter one'],
  ENOSPC: ['the disk is full', 'free some space'],
  EDQUOT: ['the disk quota is used up', 'free some space'],
  EFBIG: ['the file is larger than the file system or its limit allows', 'raise the limit (ulimit -f)'],
  EIO: ['the disk failed', 'check the disk and its connection'],
  ESTALE: ['the network disk went away', 'mount it again'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n)'],
  ENFILE: ['too many files are open on this machine', 'close other programs'],
  ENOMEM: ['memory ran out', 'close other programs'],
  EAGAIN: ['the system has no process or memory left', 'close other programs, or raise the limit (ulimit -u)'],
};

/**
 * The environment error that a system call's error stands for; undefined for every other error. ENOENT is left out: a
 * file that is missing unforeseen is a fault of ours.
 */
export function systemRefusal(thrown: unknown): PetlVideoError | undefined {
  const refusal = REFUSALS[codeOf(thrown) ?? ''];
  if (refusal === undefined || !(thrown instanceof Error) || !('syscall' in thrown)) return undefined;
  const [what, remedy] = refusal;
  const at = 'path' in thrown && typeof thrown.path === 'string' ? { at: thrown.path } : {};
  return environmentError(`${what} (${thrown.syscall})`, { ...at, remedy, cause: thrown });
}
