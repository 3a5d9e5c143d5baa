/** Where a session of onnxruntime keeps its state between runs. */
import type { HostTensor } from '../tensor/host.ts';
import type { NativeTensor } from './onnxruntime-library.ts';

/** float16: of frozen weights that a step computes with in it. */
export type KeptType = 'float32' | 'int32' | 'float16';

export interface StateStore {
  /**
   * What a run is fed; zero until loaded. Frozen weights that are asked for in 16 bits are kept so from then on.
   */
  current(name: string, dtype: KeptType): Promise<NativeTensor>;
  /** Where a run is to put what the state becomes; null: onnxruntime makes room. */
  target(name: string): NativeTensor | null;
  /** Takes what a run left, all at once. */
  accept(changed: readonly (readonly [name: string, tensor: NativeTensor])[]): void;
  /** Copies. */
  load(name: string, tensor: HostTensor): Promise<void>;
  /** Copies, widened to the type of the state's specification. */
  read(name: string): Promise<HostTensor>;
  dispose(): Promise<void>;
}
