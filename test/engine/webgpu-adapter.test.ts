import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { findAdapter } from '../../src/engine/webgpu-adapter.ts';

interface Machine {
  /** PCI devices: class and vendor, as Linux writes them. */
  readonly devices: readonly (readonly [kind: string, vendor: string])[];
  readonly drivers: readonly string[];
}

async function adapterOf(t: TestContext, { devices, drivers }: Machine) {
  const folder = await mkdtemp(path.join(tmpdir(), 'adapter-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [i, [kind, vendor]] of devices.entries()) {
    const device = path.join(folder, 'pci', `0000:00:0${i}.0`);
    await mkdir(device, { recursive: true });
    await writeFile(path.join(device, 'class'), `${kind}\n`);
    await writeFile(path.join(device, 'vendor'), `${vendor}\n`);
  }
  await mkdir(path.join(folder, 'icd.d'));
  for (const name of drivers) await writeFile(path.join(folder, 'icd.d', name), '{}');
  const places = [path.join(folder, 'absent'), path.join(folder, 'icd.d')];
  return findAdapter({ platform: 'linux', pci: path.join(folder, 'pci'), drivers: places });
}

const network = ['0x020000', '0x8086'] as const;
const emulated = ['0x030000', '0x1af4'] as const;
const nvidia = ['0x030200', '0x10de'] as const;

test('a card with a driver is found', async (t) => {
  const drivers = ['lvp_icd.x86_64.json', 'nvidia_icd.json'];
  assert.deepEqual(await adapterOf(t, { devices: [network, nvidia], drivers }), { found: true, name: 'NVIDIA' });
});

test('a card without a driver is none, nor is a driver without a card', async (t) => {
  const bare = await adapterOf(t, { devices: [nvidia], drivers: ['lvp_icd.x86_64.json'] });
  assert.equal(bare.found ? '' : bare.reason, 'the graphics card (NVIDIA) has no Vulkan driver');
  for (const devices of [[network, emulated], []]) {
    const none = await adapterOf(t, { devices, drivers: ['lvp_icd.x86_64.json', 'intel_icd.x86_64.json'] });
    assert.equal(none.found ? '' : none.reason, 'there is no graphics card that WebGPU could use');
  }
});

test('macOS has Metal', async () => {
  assert.deepEqual(await findAdapter({ platform: 'darwin', pci: '', drivers: [] }), { found: true, name: 'Metal' });
});
