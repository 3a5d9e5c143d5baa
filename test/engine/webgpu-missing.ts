/**
 * WebGPU in tests: on the graphics card of this machine, else on a driver that computes on the CPU. Mesa's lavapipe, from
 * version 24 on, does: VK_DRIVER_FILES names its manifest (lvp_icd.*.json), and the loader must find libvulkan.so.1.
 */
import { whatIsMissing } from '../../src/engine/availability.ts';
import { tensorflowCache } from './tensorflow-cache.ts';

let asked: Promise<string | undefined> | undefined;

/** Why WebGPU cannot be tested here, or undefined. */
export function webgpuMissing(): Promise<string | undefined> {
  asked ??= whatIsMissing('onnxruntime', 'webgpu', { cache: tensorflowCache(), software: true }).then(
    (missing) => missing?.error.what,
  );
  return asked;
}
