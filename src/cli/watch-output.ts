/**
 * What happens when nobody takes the output any more. A reader that has seen enough (`| head -1`) ends nothing: the work
 * goes on and its exit code stands. A result that a full disk swallowed is a failure.
 */
import { codeOf, environmentError, messageOf, type PetlVideoError } from '../errors/index.ts';
import { systemRefusal } from '../errors/system-refusal.ts';

type Stream = NodeJS.WriteStream;

/** Without a listener, node would end the process at the first failed write, with a stack and without cleaning up. */
export function watchOutput(stdout: Stream, stderr: Stream): { failure(): Promise<PetlVideoError | undefined> } {
  let failed: unknown;
  stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') failed ??= error;
  });
  stderr.on('error', () => {});
  return {
    async failure() {
      await new Promise<void>((resolve) => stdout.write('', () => resolve()));
      if (failed === undefined) return undefined;
      const why = systemRefusal(failed)?.what ?? messageOf(failed);
      return environmentError(`the result could not be written: ${why}`, { at: 'stdout', cause: failed });
    },
  };
}
