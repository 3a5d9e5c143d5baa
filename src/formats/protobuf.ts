/**
 * Protocol Buffers, the writing half: a message is the concatenation of its fields, a field is a key
 * (number · 8 + wire type) and a value. Wire types written here: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes.
 * A field that is not written has its default (0, empty), as proto3 has it.
 */

export type Message = readonly Uint8Array[];

/** An integer of at most 53 bits: int32, int64, uint64, enum, bool. One below zero takes ten bytes, as two's complement. */
export function varint(field: number, value: number): Message {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not an integer: ${value}`);
  return [base128(field * 8), value < 0 ? base128OfNegative(value) : base128(value)];
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
  // A message stays in its pieces, so that what is large in it is copied once, by encode.
  const pieces = typeof value === 'string' ? [Buffer.from(value)] : value instanceof Uint8Array ? [value] : value;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [base128(field * 8 + 2), base128(length), ...pieces];
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

/** 64 bits of two's complement: all ten bytes are needed, for the highest bit is set. */
function base128OfNegative(value: number): Uint8Array {
  const bits = BigInt.asUintN(64, BigInt(value));
  return Uint8Array.from({ length: 10 }, (_, i) => Number((bits >> BigInt(7 * i)) & 127n) + (i < 9 ? 128 : 0));
}
