/**
 * TensorBoard event files: `events.out.tfevents.<seconds>.<host>`, TFRecords of Event messages. Field numbers are those
 * of TensorFlow's event.proto, summary.proto, tensor.proto.
 *
 * Scalars are written as `simple_value`, which every reader takes; the scalars dashboard turns them into tensors itself.
 * Text is a string tensor, whose metadata name the plugin that shows it. Images are PNG files in a field of their own, which
 * every reader takes as well. Hyperparameters are one record of the plugin "hparams": TensorBoard's table of runs.
 *
 * TensorBoard reads the files of a folder in the order of their names and joins them to one curve. A resumed run opens
 * a file of its own, beginning with a SessionLog START at the first step to come: TensorBoard then drops what the earlier
 * files hold from that step on. It stands there twice, for TensorBoard's server takes the first one that it sees of a run for
 * the run's beginning, and drops nothing.
 */
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { pngSize } from './png.ts';
import { delimited, double, encode, float, type Message, varint } from './protobuf.ts';
import { frameRecord } from './tfrecord.ts';
import { onDisk } from './write-file.ts';

const NAME = /^events\.out\.tfevents\.(\d+)\./;
/** The real host's name is nobody's business where runs are shared. */
const HOST = 'petl-video';
/** The only version there is; readers look for "brain.Event:". */
const VERSION = 'brain.Event:2';
const SESSION_START = 1;
const SESSION_TAG = '_hparams_/session_start_info';
const RGB = 3;
const DT_FLOAT = 1;
const DT_STRING = 7;
const DATA_CLASS_TENSOR = 2;

export interface EventFile {
  readonly file: string;
  /** Adds a point to the curve `tag`; stored as float32. Kept in memory until `flush`. */
  scalar(tag: string, step: number, value: number): void;
  /** Adds a text, which TensorBoard renders as Markdown. Kept in memory until `flush`. */
  text(tag: string, step: number, text: string): void;
  /**
   * Adds an RGB picture to the series `tag`. Kept in memory until `flush`.
   * @param png the bytes of a PNG file. @throws RangeError where they are none
   */
  image(tag: string, step: number, png: Uint8Array): void;
  /** What the run was made with, for TensorBoard's table of runs; once a file. */
  hyperparameters(values: Hyperparameters): void;
  /** Appends what was added since the last call. @throws environment error when the disk refuses */
  flush(): Promise<void>;
  /** Flushes and closes the file. */
  close(): Promise<void>;
}

export type Hyperparameters = Readonly<Record<string, string | number | boolean>>;

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
  if (options.resumedAt !== undefined) {
    const start = [varint(2, options.resumedAt + 1), delimited(7, varint(1, SESSION_START))];
    add(...start);
    add(...start);
  }
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
    image: (tag, step, png) => add(stepField(step), summary(tag, imageValue(png))),
    hyperparameters: (values) => add(summary(SESSION_TAG, sessionValue(values, now() / 1000))),
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

/** Summary.Image: height, width, colours, the file. */
function imageValue(png: Uint8Array): Message {
  const { width, height } = pngSize(png);
  return delimited(4, [...varint(1, height), ...varint(2, width), ...varint(3, RGB), ...delimited(4, png)]);
}

/** HParamsPluginData with a SessionStartInfo, in the metadata of a tensor that says nothing. */
function sessionValue(values: Hyperparameters, seconds: number): Message {
  const entries = Object.entries(values).flatMap(([name, value]) =>
    delimited(1, [...delimited(1, name), ...delimited(2, protobufValue(value))]),
  );
  const content = delimited(3, [...entries, ...double(5, seconds)]);
  const metadata = [
    ...delimited(1, [...delimited(1, 'hparams'), ...delimited(2, content)]),
    ...varint(4, DATA_CLASS_TENSOR),
  ];
  const tensor = [...varint(1, DT_FLOAT), ...delimited(2, delimited(2, ''))];
  return [...delimited(8, tensor), ...delimited(9, metadata)];
}

/** google.protobuf.Value. */
function protobufValue(value: string | number | boolean): Message {
  if (typeof value === 'number') return double(2, value);
  return typeof value === 'string' ? delimited(3, value) : varint(4, value ? 1 : 0);
}
