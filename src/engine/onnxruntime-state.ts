/** Where a session of onnxruntime keeps its state between runs. */
import type { HostTensor } from '../tensor/host.ts';
import type { NativeTensor } from './onnxruntime-library.ts';

export interface StateStore {
  /** What a run is fed. */
  current(name: string): NativeTensor;
  /** Where a run is to put what the state becomes; null: onnxruntime makes room. */
  target(name: string): NativeTensor | null;
  /** Takes what a run left, all at once. */
  accept(changed: readonly (readonly [name: string, tensor: NativeTensor])[]): void;
  /** Copies. */
  load(name: string, tensor: HostTensor): Promise<void>;
  read(name: string): Promise<HostTensor>;
  dispose(): void;
}
