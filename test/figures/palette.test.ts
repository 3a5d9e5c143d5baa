import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Color } from '../../src/drawing/canvas.ts';
import { classColors, onDark } from '../../src/figures/palette.ts';
import { colorOfLch, distance, type Lab, labOf, labsOf } from '../../src/figures/perceived-color.ts';

/** The least distance between two of the colours, with all cones and for the worse of two deficiencies. */
function leastApart(colors: readonly Color[]): { all: number; deficient: number } {
  const seen = colors.map(labsOf);
  let [all, deficient] = [1, 1];
  for (const [i, one] of seen.entries()) {
    for (const other of seen.slice(0, i)) {
      const apart = one.map((lab, eye) => distance(lab, other[eye] as Lab));
      all = Math.min(all, apart[0] as number);
      deficient = Math.min(deficient, ...apart.slice(1));
    }
  }
  return { all, deficient };
}

test('colours are where OKLab has them', () => {
  // From the reference values of CSS Color 4: red, lime, blue, and white.
  const known: [Color, Lab][] = [
    [
      [255, 0, 0],
      [0.628, 0.2249, 0.1258],
    ],
    [
      [0, 255, 0],
      [0.8664, -0.2339, 0.1795],
    ],
    [
      [0, 0, 255],
      [0.452, -0.0325, -0.3115],
    ],
    [
      [255, 255, 255],
      [1, 0, 0],
    ],
  ];
  for (const [color, lab] of known) assert.ok(distance(labOf(color), lab) < 2e-4, String(color));
  assert.deepEqual(colorOfLch(0.628, 0.2576, 29.23), [255, 0, 0]);
  assert.equal(colorOfLch(0.9, 0.3, 29), undefined);
  // Who has no red cones sees red and a dark olive alike; grey stays what it is.
  const [, protan, deutan] = labsOf([119, 119, 119]) as [Lab, Lab, Lab];
  for (const lab of [protan, deutan]) assert.ok(distance(lab, labOf([119, 119, 119])) < 1e-3);
});

test('few classes are well apart for every eye, many still differ, and all stand out on the ground', () => {
  const seven = leastApart(classColors(7));
  assert.ok(seven.all > 0.15 && seven.deficient > 0.07, JSON.stringify(seven));
  const twenty = leastApart(classColors(20));
  assert.ok(twenty.all > 0.08 && twenty.deficient > 0.04, JSON.stringify(twenty));
  const many = classColors(400);
  assert.equal(new Set(many.map(String)).size, 400);
  assert.deepEqual(many.slice(0, 20), classColors(20));
  assert.equal(classColors(900).length, 900);
  for (const color of classColors(20)) {
    assert.ok(labOf(color)[0] < 0.82, `${color} on white`);
    assert.ok(labOf(onDark(color))[0] > 0.5, `${onDark(color)} on dark`);
  }
});
