import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataError } from '../../src/errors/index.ts';
import { byteArrayOf, unpickleDictionary } from '../../src/formats/numpy-world.ts';
import { call, mention, pickleOf } from './pickle-writer.ts';

/** By Python 3.11 and numpy 2.4.6: pickle.dumps({b'data': numpy.arange(6, dtype='uint8').reshape(2, 3), 'n': [7]}, protocol). */
const BY_PYTHON = {
  2: 'gAJ9cQAoY19jb2RlY3MKZW5jb2RlCnEBWAQAAABkYXRhcQJYBgAAAGxhdGluMXEDhnEEUnEFY251bXB5Ll9jb3JlLm11bHRpYXJyYXkKX3JlY29uc3RydWN0CnEGY251bXB5Cm5kYXJyYXkKcQdLAIVxCGgBWAEAAABicQloA4ZxClJxC4dxDFJxDShLAUsCSwOGcQ5jbnVtcHkKZHR5cGUKcQ9YAgAAAHUxcRCJiIdxEVJxEihLA1gBAAAAfHETTk5OSv////9K/////0sAdHEUYoloAVgGAAAAAAECAwQFcRVoA4ZxFlJxF3RxGGJYAQAAAG5xGV1xGksHYXUu',
  4: 'gASVpQAAAAAAAAB9lChDBGRhdGGUjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29uc3RydWN0lJOUjAVudW1weZSMB25kYXJyYXmUk5RLAIWUQwFilIeUUpQoSwFLAksDhpRoBYwFZHR5cGWUk5SMAnUxlImIh5RSlChLA4wBfJROTk5K/////0r/////SwB0lGKJQwYAAQIDBAWUdJRijAFulF2USwdhdS4=',
  5: 'gAWVkAAAAAAAAAB9lChDBGRhdGGUjBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolgYAAAAAAAAAAAECAwQFlIwFbnVtcHmUjAVkdHlwZZSTlIwCdTGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYksCSwOGlIwBQ5R0lFKUjAFulF2USwdhdS4=',
};

const read = (bytes: Buffer) => unpickleDictionary(bytes, dataError, 'a.pkl');
const dtype = (name: string) => call('numpy.dtype', [name, false, true], [3, '|', null, null, null, -1, -1, 0]);
const array = (state: readonly unknown[]) =>
  call('numpy.core.multiarray._reconstruct', [mention('numpy.ndarray'), [0], 'b'], state);
const wrong = (value: unknown): string => {
  const found = byteArrayOf(read(pickleOf(new Map([['data', value]]))).get('data'));
  return 'wrong' in found ? found.wrong : 'an array';
};

test('reads what numpy wrote in every protocol', () => {
  for (const [protocol, text] of Object.entries(BY_PYTHON)) {
    const content = read(Buffer.from(text, 'base64'));
    assert.deepEqual([...content.keys()], ['data', 'n'], protocol);
    const data = byteArrayOf(content.get('data'));
    assert.ok(!('wrong' in data), protocol);
    assert.deepEqual(
      [data.shape, [...data.data]],
      [
        [2, 3],
        [0, 1, 2, 3, 4, 5],
      ],
      protocol,
    );
    assert.deepEqual(content.get('n'), [7]);
  }
});

test('says what is no array of uint8', () => {
  assert.equal(wrong(array([1, [2, 1], dtype('u1'), false, 'ab'])), 'an array');
  assert.match(wrong([1, 2]), /no numpy array/);
  assert.match(wrong(array([1, [2, 1], dtype('f4'), false, 'abcdefgh'])), /numpy array of f4, not uint8/);
  assert.match(wrong(array([1, [2, 2], dtype('u1'), true, 'abcd'])), /column-major/);
  assert.match(wrong(array([1, [2, 2], dtype('u1'), false, 'abc'])), /without its 4 bytes/);
  assert.match(wrong(array([1, [-1], dtype('u1'), false, 'abc'])), /without a shape/);
});

test('lets no other global in, called or not', () => {
  const refuses = (value: unknown, message: RegExp) =>
    assert.throws(() => read(pickleOf(value)), { kind: 'data', message });
  refuses(
    new Map([['data', call('os.system', ['true'])]]),
    /names os\.system, which no data need; nothing of it was executed\n {2}at a\.pkl/,
  );
  refuses(new Map([['data', mention('builtins.eval')]]), /names builtins\.eval/);
  refuses(new Map([['data', call('numpy.core.multiarray.scalar', [1])]]), /names numpy\.core\.multiarray\.scalar/);
  refuses([1], /holds no dictionary/);
});
