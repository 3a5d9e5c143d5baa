/**
 * Reads a RAR archive with the unrar library, which is WebAssembly and does not return before a whole member is
 * unpacked. So it runs in a thread of its own: it tells each member and sleeps until it is told to take it or not, and
 * sleeps when the reader lags behind by more than `WINDOW` bytes.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { createExtractorFromFile, type FileHeader, UnrarError } from 'node-unrar-js';
import { DECISION, DECISIONS, type RarAnswer, type RarWork, UNREAD, WINDOW } from './rar-protocol.ts';

const { file, list, control } = workerData as RarWork;
const shared = new Int32Array(control);
const say = (answer: RarAnswer, moved: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(answer, [...moved]);

/** What the library calls for its files; `HEAPU8` is the memory of the module, which moves when it grows. */
interface Hooks {
  readonly unrar: { readonly HEAPU8: Uint8Array };
  open(name: string): number;
  create(): number;
  read(fd: number, buffer: number, size: number): number;
  write(fd: number, buffer: number, size: number): boolean;
  tell(fd: number): number;
  seek(fd: number, position: number, from: 'CUR' | 'SET' | 'END'): boolean;
  closeFile(fd: number): void;
}

/** No file has this descriptor: it stands for the member that is unpacked. */
const OUTPUT = 0x7fffffff;

async function readArchive(): Promise<void> {
  const extractor = await createExtractorFromFile({ filepath: file });
  const hooks = extractor as unknown as Hooks;
  const positions = new Map<number, number>();
  let written = 0;
  let furthest = 0;
  let otherVolume: string | undefined;
  hooks.open = (name) => {
    if (name !== file) {
      otherVolume = name;
      throw new Error(`no other volume: ${name}`);
    }
    const fd = openSync(file, 'r');
    positions.set(fd, 0);
    return fd;
  };
  let created = false;
  hooks.create = () => {
    created = true;
    return OUTPUT;
  };
  hooks.read = (fd, buffer, size) => {
    const position = positions.get(fd) as number;
    const read = readSync(fd, hooks.unrar.HEAPU8, buffer, size, position);
    positions.set(fd, position + read);
    furthest = Math.max(furthest, position + read);
    return read;
  };
  hooks.write = (_fd, buffer, size) => {
    while (Atomics.load(shared, UNREAD) > WINDOW) Atomics.wait(shared, UNREAD, Atomics.load(shared, UNREAD));
    const chunk = hooks.unrar.HEAPU8.slice(buffer, buffer + size);
    written += size;
    Atomics.add(shared, UNREAD, size);
    say({ kind: 'chunk', chunk, position: furthest }, [chunk.buffer]);
    return true;
  };
  hooks.tell = (fd) => positions.get(fd) ?? written;
  hooks.seek = (fd, offset, from) => {
    const size = fstatSync(fd).size;
    const start = from === 'SET' ? 0 : from === 'END' ? size : (positions.get(fd) as number);
    const position = start + offset;
    if (position < 0 || position > size) return false;
    positions.set(fd, position);
    return true;
  };
  hooks.closeFile = (fd) => {
    if (positions.delete(fd)) closeSync(fd);
  };

  const sayMember = ({ name, unpSize, flags }: FileHeader): void =>
    say({
      kind: 'member',
      name,
      size: unpSize,
      folder: flags.directory,
      encrypted: flags.encrypted,
      position: furthest,
    });

  let inside: string | undefined;
  try {
    if (list) {
      for (const header of extractor.getFileList().fileHeaders) sayMember(header);
      say({ kind: 'done' });
      return;
    }
    const { files } = extractor.extract({
      files: (header) => {
        inside = header.name;
        written = 0;
        created = false;
        sayMember(header);
        Atomics.wait(shared, DECISION, DECISIONS.undecided);
        return Atomics.exchange(shared, DECISION, DECISIONS.undecided) === DECISIONS.take;
      },
    });
    for (const { fileHeader } of files) say({ kind: 'end', name: fileHeader.name, written, link: !created });
    say({ kind: 'done' });
  } catch (error) {
    if (!(error instanceof UnrarError) && otherVolume === undefined) throw error;
    const reason = error instanceof UnrarError ? error.reason : 'VOLUME';
    const message = otherVolume === undefined ? (error as Error).message : `it goes on in ${otherVolume}`;
    say({ kind: 'failed', reason, message, ...(inside === undefined ? {} : { inside }) });
  }
}

await readArchive();
