import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from '../../src/formats/narrow-floats.ts';

const half = (value: number): number => toFloat16(Float32Array.of(value))[0] as number;
const bfloat = (value: number): number => toBfloat16(Float32Array.of(value))[0] as number;

test('every half survives the way up and down', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
  const back = toFloat16(fromFloat16(all));
  for (const bits of all) {
    const isNan = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    assert.equal(back[bits], isNan ? 0x7e00 | (bits & 0x8000) : bits, bits.toString(16));
  }
});

test('float16 rounds to the nearest, halves to even (IEEE 754)', () => {
  assert.equal(half(1 / 3), 0x3555);
  assert.equal(half(-1 / 3), 0xb555);
  // Steps above 2048 are 2.
  assert.equal(half(2049), half(2048));
  assert.equal(half(2051), half(2052));
  assert.equal(half(65_504), 0x7bff);
  assert.equal(half(65_519), 0x7bff);
  assert.equal(half(65_520), 0x7c00);
  assert.equal(half(-1e10), 0xfc00);
  assert.equal(half(2 ** -24), 1);
  assert.equal(half(2 ** -25), 0);
  assert.equal(half(1.5 * 2 ** -24), 2);
  // The largest subnormal rounds up to the least normal number.
  assert.equal(half(2 ** -14 - 2 ** -26), 0x0400);
  assert.equal(half(-0), 0x8000);
});

test('bfloat16 rounds to the nearest, halves to even, and keeps NaN', () => {
  assert.equal(bfloat(1), 0x3f80);
  assert.equal(bfloat(1 + 2 ** -8), 0x3f80);
  assert.equal(bfloat(1 + 3 * 2 ** -8), 0x3f82);
  assert.equal(bfloat(1 + 2 ** -8 + 2 ** -20), 0x3f81);
  assert.equal(bfloat(3.4e38), 0x7f80);
  assert.ok(Number.isNaN(fromBfloat16(toBfloat16(Float32Array.of(Number.NaN)))[0]));
  const all = Uint16Array.from({ length: 0x7f80 }, (_, i) => i);
  assert.deepEqual(toBfloat16(fromBfloat16(all)), all);
});
