/**
 * A pickle writer for tests, protocol 2 as `torch.save` uses it. Values: null, booleans, integers, other numbers as float,
 * text, arrays (as tuples), Maps (as dicts), and the calls made by `call`.
 */

export interface Call {
  readonly call: string;
  readonly args: readonly unknown[];
  readonly state?: unknown;
}
export interface Mention {
  readonly mention: string;
}
export interface Persistent {
  readonly persistent: unknown;
}

/** `module.name(*args)`, with `state` set on the result. */
export const call = (name: string, args: readonly unknown[], state?: unknown): Call => ({ call: name, args, state });
export const mention = (name: string): Mention => ({ mention: name });

export function pickleOf(value: unknown): Buffer {
  return Buffer.concat([Buffer.of(0x80, 2), encode(value), Buffer.from('.')]);
}

function encode(value: unknown): Buffer {
  if (value === null) return Buffer.from('N');
  if (value === true) return Buffer.of(0x88);
  if (value === false) return Buffer.of(0x89);
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'string') return sized('X', Buffer.from(value));
  if (Array.isArray(value)) return Buffer.concat([Buffer.from('('), ...value.map(encode), Buffer.from('t')]);
  if (value instanceof Map) {
    const items = [...value].flatMap(([key, item]) => [encode(key), encode(item)]);
    return Buffer.concat([Buffer.from('}('), ...items, Buffer.from('u')]);
  }
  const object = value as Call | Mention | Persistent;
  if ('persistent' in object) return Buffer.concat([encode(object.persistent), Buffer.from('Q')]);
  if ('mention' in object) return globalOf(object.mention);
  const made = Buffer.concat([globalOf(object.call), encode(object.args), Buffer.from('R')]);
  return object.state === undefined ? made : Buffer.concat([made, encode(object.state), Buffer.from('b')]);
}

function encodeNumber(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  if (Number.isInteger(value)) {
    bytes.write('J');
    bytes.writeInt32LE(value, 1);
    return bytes.subarray(0, 5);
  }
  bytes.write('G');
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

function sized(opcode: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(opcode);
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function globalOf(name: string): Buffer {
  const dot = name.lastIndexOf('.');
  return Buffer.from(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
}

export interface TensorOptions {
  readonly storage?: string;
  readonly offset?: number;
  readonly stride?: readonly number[];
}

/** A tensor as `torch.save` writes it, on storage `key`. */
export function tensorOf(key: string, shape: readonly number[], options: TensorOptions = {}): Call {
  const contiguous = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const id: Persistent = {
    persistent: ['storage', mention(options.storage ?? 'torch.FloatStorage'), key, 'cpu', 0],
  };
  return call('torch._utils._rebuild_tensor_v2', [
    id,
    options.offset ?? 0,
    shape,
    options.stride ?? contiguous,
    false,
    call('collections.OrderedDict', []),
  ]);
}

/** An OrderedDict with items and the `_metadata` attribute that `state_dict()` leaves on it. */
export function stateDictOf(tensors: Readonly<Record<string, unknown>>): unknown {
  return call('collections.OrderedDict', [Object.entries(tensors)], new Map([['_metadata', new Map()]]));
}
