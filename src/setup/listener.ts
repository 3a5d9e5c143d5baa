/** Who hears how set-up goes. The command line's reporter fits; a caller of the library may pass `silent`. */

export interface Listener {
  note(line: string): void;
  progress(label: string, total: number): { update(done: number, detail?: string): void; end(): void };
}

export const silent: Listener = {
  note: () => undefined,
  progress: () => ({ update: () => undefined, end: () => undefined }),
};

/** Progress of bytes, told in decimal megabytes as downloads and disks are sold. */
export function byteProgress(listener: Listener, label: string, bytes: number) {
  const { update, end } = listener.progress(label, Math.ceil(bytes / 1e6));
  return { update: (done: number): void => update(Math.ceil(done / 1e6), 'MB'), end };
}
