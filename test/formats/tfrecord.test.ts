import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c, frameRecord } from '../../src/formats/tfrecord.ts';

test('CRC-32C of the check string and of the vectors of RFC 3720, B.4', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
  assert.equal(crc32c(Buffer.alloc(0)), 0);
});

test('a record is framed as TensorFlow frames it', () => {
  const data = Buffer.from('0900001040fc54d9411a0d627261696e2e4576656e743a32', 'hex');
  const framed = `1800000000000000a37f4b22${data.toString('hex')}338d2fe9`;
  assert.equal(Buffer.from(frameRecord(data)).toString('hex'), framed);
});
