import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cropWindows, parseViews } from '../../src/data/views.ts';
import { PetlVideoError } from '../../src/errors/index.ts';

test('views are written as segments x crops', () => {
  assert.deepEqual(parseViews('4x3'), { segments: 4, crops: 3 });
  assert.deepEqual(parseViews('1X1'), { segments: 1, crops: 1 });
  for (const wrong of ['', '4', '0x3', '4x0', '-1x3', '4x3x2', '4.5x3', 'x']) {
    assert.throws(
      () => parseViews(wrong),
      (error) => error instanceof PetlVideoError && error.kind === 'usage' && /SEGMENTSxCROPS/.test(error.message),
      wrong,
    );
  }
});

test('three crops along the long side, one in the middle', () => {
  const at = (width: number, height: number, crops: number): string[] =>
    cropWindows({ width, height }, 224, crops).map((w) => `${w.x},${w.y} ${w.width}x${w.height}`);
  // 340x256 at short side 224 is 297 wide: int(j · 73 / 2)
  assert.deepEqual(at(297, 224, 3), ['0,0 224x224', '36,0 224x224', '73,0 224x224']);
  assert.deepEqual(at(224, 297, 3), ['0,0 224x224', '0,36 224x224', '0,73 224x224']);
  assert.deepEqual(at(297, 224, 1), ['36,0 224x224']);
  assert.deepEqual(at(224, 224, 3), ['0,0 224x224', '0,0 224x224', '0,0 224x224']);
});
