import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delimited, encode, float, type Message, varint } from '../../src/formats/protobuf.ts';

const bytes = (...fields: Message[]): number[] => [...encode(...fields)];

test('the examples of the encoding guide come out to the byte', () => {
  // https://protobuf.dev/programming-guides/encoding/
  assert.deepEqual(bytes(varint(1, 150)), [0x08, 0x96, 0x01]);
  assert.deepEqual(bytes(delimited(2, 'testing')), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  assert.deepEqual(bytes(delimited(3, varint(1, 150))), [0x1a, 0x03, 0x08, 0x96, 0x01]);
  assert.deepEqual(bytes(varint(1, -2)), [0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
});

test('a message in a message has the length of all its pieces', () => {
  const large = new Uint8Array(300).fill(7);
  const nested = delimited(1, [...varint(2, 1), ...delimited(3, large)]);
  const [key, low, high, ...rest] = bytes(nested, float(4, 1));
  assert.deepEqual([key, low, high], [0x0a, 0xb1, 0x02]);
  assert.equal(rest.length, 0x131 + 5);
  assert.deepEqual(rest.slice(0, 5), [0x10, 0x01, 0x1a, 0xac, 0x02]);
  assert.deepEqual(rest.slice(-5), [0x25, 0, 0, 0x80, 0x3f]);
});

test('numbers beyond 32 bits keep all of theirs; what is no integer is refused', () => {
  assert.deepEqual(bytes(varint(1, 2 ** 53 - 1)), [0x08, ...Array(7).fill(0xff), 0x0f]);
  assert.deepEqual(bytes(varint(1, -(2 ** 53 - 1))), [0x08, 0x81, ...Array(6).fill(0x80), 0xf0, 0xff, 0x01]);
  assert.throws(() => varint(1, 0.5), RangeError);
  assert.throws(() => varint(1, 2 ** 53), RangeError);
});
