/** Members of a RAR archive (RAR 1.5 to 5), by the unrar library in a thread of its own; see rar-worker.ts. */
import { Worker } from 'node:worker_threads';
import { damagedArchive, type Member, type ReadOptions } from './member.ts';
import { DECISION, DECISIONS, type RarAnswer, type RarWork, UNREAD } from './rar-protocol.ts';

/** @throws `fault` when the archive is cut, damaged or encrypted, with the member */
export function rarMembers(file: string, options: ReadOptions): AsyncGenerator<Member> {
  return read(file, options, false);
}

/** Names and sizes alone, from the headers; the members' `chunks` must not be called. */
export function rarDirectory(file: string, options: ReadOptions): AsyncGenerator<Member> {
  return read(file, options, true);
}

async function* read(file: string, options: ReadOptions, list: boolean): AsyncGenerator<Member> {
  const { signal, fault, onPosition } = options;
  const control = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const shared = new Int32Array(control);
  const worker = new Worker(new URL('./rar-worker.js', import.meta.url), {
    workerData: { file, list, control } satisfies RarWork,
  });
  const answers = answersOf(worker, signal);
  const decide = (decision: number): void => {
    Atomics.store(shared, DECISION, decision);
    Atomics.notify(shared, DECISION);
  };
  /** The next answer that is no failure. */
  const answer = async (): Promise<Exclude<RarAnswer, { kind: 'failed' }>> => {
    const got = await answers.next();
    if (got.kind === 'failed') throw failure(file, got, options);
    return got;
  };
  try {
    for (;;) {
      const member = await answer();
      if (member.kind === 'done') return;
      if (member.kind !== 'member') throw new TypeError(`the reader of ${file} answered ${member.kind}`);
      const { name, size, folder, encrypted, position } = member;
      onPosition?.(position);
      if (encrypted)
        throw fault(`the archive's member ${name} is encrypted`, { at: file, remedy: 'unpack it by hand' });
      let taken = false;
      yield {
        name,
        kind: folder ? 'folder' : 'file',
        size,
        chunks: () => {
          taken = true;
          return contentOf(name, size);
        },
      };
      if (!taken && !list) decide(DECISIONS.pass);
    }
  } finally {
    await worker.terminate();
  }

  async function* contentOf(name: string, size: number): AsyncGenerator<Uint8Array> {
    decide(DECISIONS.take);
    for (;;) {
      const got = await answer();
      if (got.kind === 'end') {
        if (got.link && size > 0)
          throw fault('the member is a link', { at: `${file}, ${name}`, remedy: 'unpack it by hand' });
        if (got.written === size) return;
        throw damagedArchive(
          fault,
          `${file}, ${name}`,
          `the member has ${got.written} bytes where ${size} are promised`,
        );
      }
      if (got.kind !== 'chunk') throw new TypeError(`the reader of ${file} answered ${got.kind}`);
      onPosition?.(got.position);
      yield got.chunk;
      Atomics.sub(shared, UNREAD, got.chunk.length);
      Atomics.notify(shared, UNREAD);
    }
  }
}

type Failed = Extract<RarAnswer, { kind: 'failed' }>;

function failure(file: string, { reason, message, inside }: Failed, { fault }: ReadOptions): Error {
  const at = inside === undefined ? file : `${file}, ${inside}`;
  if (/PASSWORD/.test(reason)) {
    return fault('the RAR archive is encrypted', { at, remedy: 'unpack it by hand' });
  }
  if (reason === 'VOLUME') {
    return fault(`the RAR archive is one of several volumes: ${message}`, { at, remedy: 'unpack it by hand' });
  }
  return damagedArchive(fault, at, `the RAR archive is cut off or damaged: ${message}`);
}

/** The worker's answers, to be asked for one by one; a worker that ends without a last word is a failure too. */
function answersOf(worker: Worker, signal: AbortSignal): { next(): Promise<RarAnswer> } {
  const queue: RarAnswer[] = [];
  let failed: { readonly thrown: unknown } | undefined;
  let wake = (): void => undefined;
  const fail = (thrown: unknown): void => {
    failed ??= { thrown };
    wake();
  };
  worker.on('message', (answer: RarAnswer) => {
    queue.push(answer);
    wake();
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the thread that reads the archive ended early')));
  return {
    async next() {
      for (;;) {
        signal.throwIfAborted();
        const answer = queue.shift();
        if (answer !== undefined) return answer;
        if (failed !== undefined) throw failed.thrown;
        await new Promise<void>((resolve) => {
          wake = () => {
            signal.removeEventListener('abort', wake);
            resolve();
          };
          signal.addEventListener('abort', wake, { once: true });
        });
      }
    },
  };
}
