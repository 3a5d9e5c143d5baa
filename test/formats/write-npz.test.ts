import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openNpz } from '../../src/formats/npz.ts';
import { writeNpz } from '../../src/formats/write-npz.ts';
import { openZip } from '../../src/formats/zip.ts';
import { float32, int32 } from '../../src/tensor/host.ts';

/** Of what numpy 2 writes for the same arrays (`numpy.lib.format.write_array`, version 1.0). */
const NUMPYS = {
  features: '47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56',
  labels: '505556e0b1fc12c7f6443f322621c5c8c728de2a53a20300dfad2ab2142ad645',
  ids: 'b545362b90b06b270982526380f411b753b40726ac179efb48d3ec135964e0fc',
  none: '74c76010cb63e5e4e59ec3e34d6becc468f0038b8b742f2842fa1c2d36eb614e',
};

test('every member is what numpy writes, to the byte, and is read back', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'petl-npz-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = path.join(folder, 'x.npz');
  await writeNpz(file, {
    features: float32([2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)),
    labels: int32([2], Int32Array.of(3, -1)),
    ids: ['a/b', 'größe', '\u{1f3be} x'],
    none: float32([0, 4], new Float32Array(0)),
  });
  const zip = await openZip(file);
  const found: Record<string, string> = {};
  for (const name of zip.entries.keys()) {
    found[name.replace('.npy', '')] = createHash('sha256')
      .update(await zip.read(name))
      .digest('hex');
  }
  await zip.close();
  assert.deepEqual(found, NUMPYS);

  await writeNpz(file, { features: float32([2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)) });
  const npz = await openNpz(file);
  assert.deepEqual([...(await npz.read('features')).data], [0, 1, 2, 3, 4, 5]);
  await npz.close();
  await assert.rejects(writeNpz(file, { features: float32([2, 2], new Float32Array(3)) }), RangeError);
});
