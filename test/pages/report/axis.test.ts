import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisOf, countingAxis, placeOn, tickText } from '../../../src/pages/report/axis.ts';

const texts = (axis: ReturnType<typeof axisOf>): string[] => axis.ticks.map((tick) => tickText(axis, tick));

test('an axis holds its values, begins and ends at round numbers', () => {
  const loss = axisOf(1.15, 1.94);
  assert.deepEqual([loss.low, loss.high], [1, 2]);
  assert.deepEqual(texts(loss), ['1.0', '1.2', '1.4', '1.6', '1.8', '2.0']);
  assert.deepEqual(texts(axisOf(0, 0.004)), ['0', '0.001', '0.002', '0.003', '0.004']);
  assert.deepEqual(texts(axisOf(0, 4e-5)), ['0', '1e−5', '2e−5', '3e−5', '4e−5']);
  assert.deepEqual(texts(axisOf(0, 31_000)), ['0', '10,000', '20,000', '30,000', '40,000']);
  assert.deepEqual(texts(axisOf(-3, 2)), ['-4', '-2', '0', '2']);
});

test('one value alone has an axis too', () => {
  for (const value of [0, 0.5, 1e-6, -3, 1e6]) {
    const axis = axisOf(value, value);
    assert.ok(axis.low <= value && value <= axis.high && axis.low < axis.high, `${value}`);
    assert.ok(placeOn(axis, value) >= 0 && placeOn(axis, value) <= 1);
  }
});

test('epochs are counted in whole numbers to their end', () => {
  assert.deepEqual(countingAxis(10), { low: 0, high: 10, ticks: [0, 2, 4, 6, 8, 10] });
  assert.deepEqual(countingAxis(2.4), { low: 0, high: 2.4, ticks: [0, 1, 2] });
  assert.deepEqual(countingAxis(90).ticks, [0, 20, 40, 60, 80]);
});
