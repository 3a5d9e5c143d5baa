/** libtensorflow through tfjs-node-gpu's backend, operation by operation: for debugging what the compiled engine does. */
import { tf } from '../tensor/tf.ts';
import { type Backend, eagerEngine } from './eager.ts';
import type { Engine } from './engine.ts';
import {
  type Binding,
  type LoadOptions,
  loadTensorflow,
  type NativeTensor,
  type OpAttribute,
} from './tensorflow-binding.ts';

/** What is used of tfjs-node-gpu's native interface to bring bytes to the device. */
interface UploadBinding extends Binding {
  readonly TF_ATTR_BOOL: number;
}
/** The part of tfjs-node-gpu's backend that makes a tfjs tensor of a native one. */
interface NativeBackend {
  createOutputTensor(output: NativeTensor): ReturnType<Backend['uploadBytes']>;
}

/** @throws PetlVideoError (environment) when libtensorflow is not there or does not load */
export async function tensorflowEagerEngine(options: LoadOptions): Promise<Engine> {
  const { backend, binding, version, gpu } = await loadTensorflow(options);
  const native = binding as UploadBinding;
  return eagerEngine({
    name: 'tensorflow-eager',
    device: `${gpu ? 'CUDA' : 'CPU'}, libtensorflow ${version}`,
    activate: async () => {
      await tf.setBackend(backend);
    },
    uploadBytes(bytes, shape) {
      // tfjs knows no uint8 tensor: the bytes are sent as they are and cast on the device.
      const sent = native.createTensor(shape, native.TF_UINT8, bytes);
      const cast: OpAttribute[] = [
        { name: 'SrcT', type: native.TF_ATTR_TYPE, value: native.TF_UINT8 },
        { name: 'DstT', type: native.TF_ATTR_TYPE, value: native.TF_FLOAT },
        { name: 'Truncate', type: native.TF_ATTR_BOOL, value: false },
      ];
      const [output] = native.executeOp('Cast', cast, [sent], 1);
      native.deleteTensor(sent);
      return (tf.backend() as unknown as NativeBackend).createOutputTensor(output);
    },
  });
}
