/** What every archive reader gives: its members in order, each to be read, or passed over, before the next. */
import type { PetlVideoError } from '../../errors/index.ts';
import type { Fault } from '../random-access.ts';

export interface Member {
  /** As the archive has it: relative, absolute or worse; see `safePath`. */
  readonly name: string;
  /** `other`: a link, a device, anything that is neither a file nor a folder. */
  readonly kind: 'file' | 'folder' | 'other';
  /** Bytes when unpacked. */
  readonly size: number;
  /**
   * The content, once. Throws where it is damaged: then nothing of this member is good, and all members before it are.
   * A chunk is the reader's to keep.
   */
  chunks(): AsyncGenerator<Uint8Array>;
}

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** The kind of error that a damaged archive is. */
  readonly fault: Fault;
  /** Bytes of the archive that are behind the reader. */
  readonly onPosition?: ((bytes: number) => void) | undefined;
}

/** A file to be fetched again: what is good was kept. */
export function damagedArchive(fault: Fault, at: string, what: string, cause?: unknown): PetlVideoError {
  return fault(what, {
    at,
    remedy: 'download the file again (what came before the damage is kept), then run the same command',
    cause,
  });
}

/**
 * The path of a member below the folder that it is unpacked to, with forward slashes; undefined for what must not or
 * need not be unpacked: absolute paths and those that lead upwards, hidden files, and what a Mac adds.
 */
export function safePath(name: string): string | undefined {
  if (name.includes('\0') || /^[/\\]|^[a-z]:/i.test(name)) return undefined;
  const parts = name.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.some((part) => part.startsWith('.') || part === '__MACOSX')) return undefined;
  return parts.join('/');
}

/** Whether a member's path points out of the folder that it is unpacked to: no honest archive has such. */
export function leadsOutside(name: string): boolean {
  return /^[/\\]|^[a-z]:/i.test(name) || name.split(/[/\\]/).includes('..') || name.includes('\0');
}
