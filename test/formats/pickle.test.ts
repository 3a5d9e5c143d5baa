import assert from 'node:assert/strict';
import { test } from 'node:test';
import { weightsError } from '../../src/errors/index.ts';
import { isInert, unpickle, type World } from '../../src/formats/pickle.ts';

const NOTHING: World = { maker: () => undefined, persistent: () => null };
const read = (bytes: Buffer, world = NOTHING) => unpickle(bytes, world, weightsError, 'test.pkl');

/**
 * What Python 3.11's pickle.dumps gave for
 * {'a': [1, -2, 70000, 2**40, -2**80], 't': (True, None, 1.5), 'b': b'\x00\xff', 's': {'x'}, 'u': 'grün', 'e': [], 'l': shared,
 *  'm': shared} with shared = [7], at protocols 2, 4 and 5.
 */
const DUMPS: Readonly<Record<number, string>> = {
  2: 'gAJ9cQAoWAEAAABhcQFdcQIoSwFK/v///0pwEQEAigYAAAAAAAGKCwAAAAAAAAAAAAD/ZVgBAAAAdHEDiE5HP/gAAAAAAACHcQRYAQAAAGJxBWNfY29kZWNzCmVuY29kZQpxBlgDAAAAAMO/cQdYBgAAAGxhdGluMXEIhnEJUnEKWAEAAABzcQtjX19idWlsdGluX18Kc2V0CnEMXXENWAEAAAB4cQ5hhXEPUnEQWAEAAAB1cRFYBQAAAGdyw7xucRJYAQAAAGVxE11xFFgBAAAAbHEVXXEWSwdhWAEAAABtcRdoFnUu',
  4: 'gASVdQAAAAAAAAB9lCiMAWGUXZQoSwFK/v///0pwEQEAigYAAAAAAAGKCwAAAAAAAAAAAAD/ZYwBdJSITkc/+AAAAAAAAIeUjAFilEMCAP+UjAFzlI+UKIwBeJSQjAF1lIwFZ3LDvG6UjAFllF2UjAFslF2USwdhjAFtlGgPdS4=',
  5: 'gAWVdQAAAAAAAAB9lCiMAWGUXZQoSwFK/v///0pwEQEAigYAAAAAAAGKCwAAAAAAAAAAAAD/ZYwBdJSITkc/+AAAAAAAAIeUjAFilEMCAP+UjAFzlI+UKIwBeJSQjAF1lIwFZ3LDvG6UjAFllF2UjAFslF2USwdhjAFtlGgPdS4=',
};

for (const [protocol, base64] of Object.entries(DUMPS)) {
  test(`reads what Python wrote at protocol ${protocol}`, () => {
    const encode = (args: readonly unknown[]): unknown => Buffer.from(args[0] as string, 'latin1');
    const world: World = {
      maker: (global) =>
        global === '_codecs.encode'
          ? encode
          : global.endsWith('.set')
            ? ([items]) => new Set(items as unknown[])
            : undefined,
      persistent: () => null,
    };
    const { value } = read(Buffer.from(base64, 'base64'), world);
    const map = value as Map<string, unknown>;
    assert.deepEqual(map.get('a'), [1, -2, 70000, 2 ** 40, -(2n ** 80n)]);
    assert.deepEqual(map.get('t'), [true, null, 1.5]);
    assert.deepEqual([...(map.get('b') as Uint8Array)], [0, 255]);
    assert.deepEqual(map.get('s'), new Set(['x']));
    assert.equal(map.get('u'), 'grün');
    assert.deepEqual(map.get('e'), []);
    assert.deepEqual(map.get('l'), [7]);
    assert.equal(map.get('l'), map.get('m'));
  });
}

test('a call of an unknown global is a placeholder that takes items, state and calls', () => {
  // os.system('x') with an item set on it, a state, and the result called
  const pickle = Buffer.from('\x80\x02cos\nsystem\nX\x01\x00\x00\x00x\x85RK\x01K\x02s}bq\x00h\x00)R\x86.', 'latin1');
  const { value, globals } = read(pickle);
  const [first, second] = value as unknown[];
  assert.ok(isInert(first) && first.global === 'os.system' && first.state instanceof Map);
  assert.ok(isInert(second) && second.global === 'os.system()');
  assert.deepEqual([...globals], ['os.system']);
});

test('damaged pickles are refused with the byte', () => {
  const refused = (text: string, message: RegExp) => assert.throws(() => read(Buffer.from(text, 'latin1')), message);
  refused('\x80\x02', /byte 2: it ends too early/);
  refused('\x80\x06N.', /protocol is newer than 5/);
  refused('\x80\x02.', /stack is empty/);
  refused('\x80\x02N(0.', /stack is empty/);
  refused('\x80\x02t.', /mark is missing/);
  refused('\x80\x02h\x05.', /memo 5, which it never set/);
  refused('\x80\x02NNR.', /calls what is no global/);
  refused('\x80\x02NNa.', /no list or set/);
  refused('\x80\x02NNNs.', /no dictionary/);
  refused('\x80\x02}(Nu.', /lacks a value/);
  refused('\x80\x02X\xff\xff\xff\xffabc.', /ends too early/);
  refused('\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.', /ends too early/);
  refused('\x80\x02cos\nsystem', /a line has no end/);
  refused('\x80\x02\x82\x01.', /opcode 0x82 is not supported/);
});
