/** What the thread that reads a RAR archive and the reader say to one another. */

export interface RarWork {
  readonly file: string;
  /** Only names and sizes: nothing is unpacked, not even of a solid archive. */
  readonly list: boolean;
  /** Int32 [DECISION, UNREAD]. */
  readonly control: SharedArrayBuffer;
}

/** Places in the shared memory: what is to be done with the member told last; bytes sent and not read yet. */
export const DECISION = 0;
export const UNREAD = 1;
export const DECISIONS = { undecided: 0, take: 1, pass: 2 } as const;

/** Bytes on the way before the thread waits. */
export const WINDOW = 8 << 20;

export type RarAnswer =
  | {
      readonly kind: 'member';
      readonly name: string;
      readonly size: number;
      readonly folder: boolean;
      readonly encrypted: boolean;
      readonly position: number;
    }
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array; readonly position: number }
  /** Of a member that was taken; the library writes no file for a link. */
  | { readonly kind: 'end'; readonly name: string; readonly written: number; readonly link: boolean }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string; readonly inside?: string };
