/** Who hears how set-up goes. The command line's reporter fits; a caller of the library may pass `silent`. */

export interface Listener {
  note(line: string): void;
  warn(line: string): void;
  /** `total` and `done` in bytes. */
  progress(label: string, total: number): { update(done: number, detail?: string): void; end(): void };
}

export const silent: Listener = {
  note: () => undefined,
  warn: () => undefined,
  progress: () => ({ update: () => undefined, end: () => undefined }),
};
