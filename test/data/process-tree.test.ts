import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { treeSeconds, watchMemory } from '../../src/data/process-tree.ts';

const skip = process.platform === 'linux' ? false : 'there is no /proc';
const BURN =
  'const end = process.cpuUsage().user + 400_000; for (let x = 0; process.cpuUsage().user < end; ) for (let i = 0; i < 1e6; i++) x += i;';

test('processor time of children counts, while they run and when they are gone', { skip }, async () => {
  const start = treeSeconds() as number;
  const child = spawn(process.execPath, ['-e', `${BURN} process.stdout.write('burnt'); setInterval(() => {}, 1000)`]);
  await once(child.stdout, 'data');
  const alive = (treeSeconds() as number) - start;
  assert.ok(alive >= 0.4, `${alive} s while it runs`);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const gone = (treeSeconds() as number) - start;
  assert.ok(gone >= alive - 0.02, `${gone} s when it is gone, ${alive} s before`);
  // A grandchild: a shell that has waited for it.
  spawnSync('sh', ['-c', `"${process.execPath}" -e '${BURN}'; true`]);
  assert.ok((treeSeconds() as number) - start >= gone + 0.4);
});

test('memory of children counts at its peak', { skip }, async () => {
  const alone = watchMemory();
  alone.stop();
  const memory = watchMemory();
  const child = spawn(process.execPath, [
    '-e',
    `globalThis.held = Buffer.alloc(2 ** 27, 1); process.stdout.write('held'); setInterval(() => {}, 1000)`,
  ]);
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.kill('SIGKILL');
  await once(child, 'exit');
  memory.stop();
  const more = (memory.peakBytes() as number) - (alone.peakBytes() as number);
  assert.ok(more > 2 ** 27 && more < 2 ** 29, `${more / 2 ** 20} MiB`);
});
