/**
 * The contract between what is computed and what computes it. A `Step` is written in tfjs and pure: everything that
 * changes is state, everything that varies is an input. An engine keeps the state on its device, in a session, and runs
 * any number of steps over it: gradients, apply and evaluate share one copy of the weights.
 */
import type { HostTensors, TensorSpec, TensorSpecs } from '../tensor/host.ts';
import type { Tensors } from '../tensor/tf.ts';

export interface StateSpec extends TensorSpec {
  /** Frozen state is never returned by a step: an engine may store it as constants, in the compute precision. */
  readonly frozen: boolean;
}
export type StateSpecs = Readonly<Record<string, StateSpec>>;

export interface Step {
  /** For messages and profiles: `gradients`, `apply`, `evaluate`. */
  readonly name: string;
  /** What a run is fed. uint8 inputs reach `run` as float32 values 0-255, converted on the device. */
  readonly inputs: TensorSpecs;
  /**
   * @param state the session's state
   * @returns the state that changed, by name, and what is to be fetched. What JavaScript computes in here is a constant.
   */
  run(state: Tensors, inputs: Tensors): { readonly state: Tensors; readonly outputs: Tensors };
}

export interface CompiledStep {
  /** One run: state moves on the device, outputs come to the host. @throws TypeError when inputs do not fit the specs. */
  run(inputs: HostTensors): Promise<HostTensors>;
}

export interface Session {
  compile(step: Step): Promise<CompiledStep>;
  /** Sets state from the host; any subset. @throws TypeError for unknown names or other shapes. */
  load(state: HostTensors): Promise<void>;
  /** Copies of state in host memory. */
  read(names: readonly string[]): Promise<HostTensors>;
  /** Frees the device memory of state and steps. */
  dispose(): void;
}

export interface Engine {
  /** `tensorflow`, `cpu`. */
  readonly name: string;
  /** Where it computes, for people: `CPU, libtensorflow 2.21.0`. */
  readonly device: string;
  /** A session with state of these names, zero until loaded. */
  open(state: StateSpecs): Promise<Session>;
}
