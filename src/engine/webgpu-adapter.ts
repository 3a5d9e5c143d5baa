/**
 * Whether WebGPU would run on a graphics card here. onnxruntime does not say which adapter it takes, and one that a
 * program imitates (lavapipe, SwiftShader) is slower than the CPU's own engines; so the machine is asked instead.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

export type Adapter =
  | { readonly found: true; readonly name: string }
  | { readonly found: false; readonly reason: string; readonly remedy: string };

/** PCI's numbers of those whose graphics cards have Vulkan drivers. */
const VENDORS: Readonly<Record<string, string>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' };
const PCI_DISPLAY = '0x03';
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
/** Drivers that compute on the CPU. */
const SOFTWARE = /lvp|llvmpipe|swiftshader/i;

interface Places {
  readonly platform: string;
  /** PCI devices, as Linux shows them. */
  readonly pci: string;
  /** Folders with the manifests of Vulkan drivers. */
  readonly drivers: readonly string[];
}

const HERE: Places = { platform: process.platform, pci: '/sys/bus/pci/devices', drivers: DRIVER_FOLDERS };

/** The graphics card that WebGPU would take. */
export async function findAdapter({ platform, pci, drivers }: Places = HERE): Promise<Adapter> {
  if (platform === 'darwin') return { found: true, name: 'Metal' };
  if (platform !== 'linux') return { found: true, name: 'Direct3D' };
  const cards = await graphicsCards(pci);
  if (cards.length === 0) {
    const reason = 'there is no graphics card that WebGPU could use';
    return { found: false, reason, remedy: 'set engine.device cpu' };
  }
  const manifests = (await Promise.all(drivers.map(listFolder))).flat().filter((name) => !SOFTWARE.test(name));
  if (manifests.length === 0) {
    const reason = `the graphics card (${cards.join(', ')}) has no Vulkan driver`;
    return { found: false, reason, remedy: 'install the Vulkan driver of its maker, or Mesa’s (mesa-vulkan-drivers)' };
  }
  return { found: true, name: cards.join(', ') };
}

async function graphicsCards(pci: string): Promise<string[]> {
  const read = (device: string, name: string): Promise<string> =>
    readFile(path.join(pci, device, name), 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
  const found = await Promise.all(
    (await listFolder(pci)).map(async (device) => {
      if (!(await read(device, 'class')).startsWith(PCI_DISPLAY)) return [];
      return VENDORS[await read(device, 'vendor')] ?? [];
    }),
  );
  return [...new Set(found.flat())];
}

function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
