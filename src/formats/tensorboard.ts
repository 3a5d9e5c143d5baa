/**
 * TensorBoard event files: `events.out.tfevents.<seconds>.<host>`, TFRecords of Event messages. Field numbers are those
 * of TensorFlow's event.proto, summary.proto, tensor.proto.
 *
 * Scalars are written as `simple_value`, which every reader takes; the scalars dashboard turns them into tensors itself.
 * Text is a string tensor, whose metadata name the plugin that shows it.
 *
 * TensorBoard reads the files of a folder in the order of their names and joins them to one curve. A resumed run opens
 * a file of its own, beginning with a SessionLog START at the first step to come: TensorBoard then drops what the earlier
 * files hold from that step on.
 */
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { delimited, double, encode, float, type Message, varint } from './protobuf.ts';
import { frameRecord } from './tfrecord.ts';
import { onDisk } from './write-file.ts';

const NAME = /^events\.out\.tfevents\.(\d+)\./;
/** The real host's name is nobody's business where runs are shared. */
const HOST = 'petl-video';
/** The only version there is; readers look for "brain.Event:". */
const VERSION = 'brain.Event:2';
const SESSION_START = 1;
const DT_STRING = 7;
const DATA_CLASS_TENSOR = 2;

export interface EventFile {
  readonly file: string;
  /** Adds a point to the curve `tag`; stored as float32. Kept in memory until `flush`. */
  scalar(tag: string, step: number, value: number): void;
  /** Adds a text, which TensorBoard renders as Markdown. Kept in memory until `flush`. */
  text(tag: string, step: number, text: string): void;
  /** Appends what was added since the last call. @throws environment error when the disk refuses */
  flush(): Promise<void>;
  /** Flushes and closes the file. */
  close(): Promise<void>;
}

export interface EventFileOptions {
  /** The last step that a resumed run had done: what earlier files of the folder hold after it is void. */
  readonly resumedAt?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Makes a new event file in `folder`, which must exist.
 * @throws environment error when the disk refuses
 */
export async function openEventFile(folder: string, options: EventFileOptions = {}): Promise<EventFile> {
  const now = options.now ?? Date.now;
  const file = path.join(folder, await nextName(folder, now()));
  const handle = await onDisk(file, () => open(file, 'ax'));
  let buffered: Uint8Array[] = [];
  let written = Promise.resolve();

  const add = (...fields: Message[]): void => {
    buffered.push(frameRecord(encode(double(1, now() / 1000), ...fields)));
  };
  const flush = (): Promise<void> => {
    const bytes = Buffer.concat(buffered);
    buffered = [];
    written = written.then(() => onDisk(file, () => handle.appendFile(bytes)));
    return written;
  };

  add(delimited(3, VERSION));
  if (options.resumedAt !== undefined) add(varint(2, options.resumedAt + 1), delimited(7, varint(1, SESSION_START)));
  try {
    await flush();
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    file,
    scalar: (tag, step, value) => add(stepField(step), summary(tag, float(2, value))),
    text: (tag, step, text) => add(stepField(step), summary(tag, textValue(text))),
    flush,
    close: async () => {
      try {
        await flush();
      } finally {
        await handle.close();
      }
    },
  };
}

/** A name that sorts after all others of the folder, even if the clock went back or a second has not passed. */
async function nextName(folder: string, now: number): Promise<string> {
  const names = await onDisk(folder, () => readdir(folder));
  const taken = names.map((name) => Number(NAME.exec(name)?.[1] ?? 0));
  const seconds = Math.max(Math.floor(now / 1000), 1 + Math.max(0, ...taken));
  return `events.out.tfevents.${String(seconds).padStart(10, '0')}.${HOST}`;
}

/** @throws RangeError for a step that is none: a reader would take a negative one for a very large one */
function stepField(step: number): Message {
  if (step < 0) throw new RangeError(`not a step: ${step}`);
  return varint(2, step);
}

function summary(tag: string, value: Message): Message {
  return delimited(5, delimited(1, [...delimited(1, tag), ...value]));
}

/** TensorProto of rank 0, SummaryMetadata with the plugin "text". */
function textValue(text: string): Message {
  const tensor = [...varint(1, DT_STRING), ...delimited(2, ''), ...delimited(8, text)];
  const metadata = [...delimited(1, delimited(1, 'text')), ...varint(4, DATA_CLASS_TENSOR)];
  return [...delimited(8, tensor), ...delimited(9, metadata)];
}
