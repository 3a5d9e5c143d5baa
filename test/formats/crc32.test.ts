import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, crc32ByTables } from '../../src/formats/crc32.ts';

test('both ways give the checksum of the standard, in one piece or several', () => {
  const digits = Buffer.from('123456789');
  const long = Buffer.from(Array.from({ length: 1003 }, (_, i) => (i * i + 7 * i) % 251));
  for (const checksum of [crc32, crc32ByTables]) {
    assert.equal(checksum(digits), 0xcbf43926);
    assert.equal(checksum(digits.subarray(4), checksum(digits.subarray(0, 4))), 0xcbf43926);
    assert.equal(checksum(Buffer.alloc(0)), 0);
  }
  assert.equal(crc32(long), crc32ByTables(long));
});
