/** Whether a tensor of a checkpoint has the shape that the others ask for. */
import { weightsError } from '../../errors/index.ts';

/**
 * @param told the tensor's name, quoted
 * @param asked −1 for any extent
 * @throws weights error when they differ
 */
export function requireShape(
  told: string,
  shape: readonly number[],
  asked: readonly number[],
  at: string | undefined,
): void {
  const fits = shape.length === asked.length && asked.every((extent, i) => extent === -1 || extent === shape[i]);
  if (fits) return;
  const needed = `[${asked.map((extent) => (extent === -1 ? '*' : extent)).join(', ')}]`;
  throw weightsError(`tensor ${told} has shape [${shape.join(', ')}] where the other tensors ask for ${needed}`, {
    at,
    remedy: 'the checkpoint is of another architecture, or damaged',
  });
}
