/**
 * Protocol Buffers, the writing half: a message is the concatenation of its fields, a field is a key
 * (number · 8 + wire type) and a value. Wire types written here: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
 * A field that is not written has its default (0, empty), as proto3 has it.
 */

export type Message = readonly Uint8Array[];

/** A non-negative integer up to 2^53 - 1: int32, int64, uint64, enum, bool. */
export function varint(field: number, value: number): Message {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a non-negative integer: ${value}`);
  return [base128(field * 8), base128(value)];
}

export function double(field: number, value: number): Message {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return [base128(field * 8 + 1), bytes];
}

export function float(field: number, value: number): Message {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [base128(field * 8 + 5), bytes];
}

/** Text as UTF-8, bytes, or a message inside the message. */
export function delimited(field: number, value: string | Uint8Array | Message): Message {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value instanceof Uint8Array ? value : encode(value);
  return [base128(field * 8 + 2), base128(bytes.length), bytes];
}

export function encode(...fields: readonly Message[]): Uint8Array {
  return Buffer.concat(fields.flat());
}

/** Seven bits a byte, the lowest first; the high bit says that more follow. Division, for bit operations end at 32 bits. */
function base128(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
