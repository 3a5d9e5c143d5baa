/** `petl-video parity`: golden cases of the original PyTorch code against ours. */
import { chooseEngine, describeEngine } from '../src/engine/choose.ts';
import { DEFAULT_ENGINE } from '../src/engine/options.ts';
import { weightsError } from '../src/errors/index.ts';
import { engineChoice } from '../src/inference/engine-choice.ts';
import { type Comparison, LOW_PRECISION_TOLERANCE, TOLERANCE } from '../src/train/parity/compare.ts';
import { runFolder } from '../src/train/parity/run-case.ts';
import type { Command } from './command.ts';
import { engineFlags } from './engine-choice.ts';
import { formatTable } from './table.ts';

export const parity: Command = {
  name: 'parity',
  summary: 'Compare forward, backward and optimizer with cases made by the original PyTorch code',
  arguments: [{ name: '<folders...>', description: 'folders with case.json, checkpoint.pth and expected.safetensors' }],
  options: [
    ...engineFlags('auto, fp32'),
    { flags: '--recompute', description: 'compute blocks again in the backward pass' },
  ],
  examples: [
    'petl-video parity golden/video-adaptformer golden/video-full',
    'petl-video parity --engine onnxruntime golden/*',
    'petl-video parity --engine tensorflow --precision bf16 --recompute golden/*',
  ],
  async run([folders], options, { environment, reporter }) {
    const asked = engineChoice({ ...DEFAULT_ENGINE, recompute: options.recompute === true }, options);
    const chosen = await chooseEngine(asked, environment);
    const { engine } = chosen;
    const { device, precision, recompute } = chosen.options;
    reporter.note(describeEngine(chosen));
    const cases: { name: string; comparisons: readonly Comparison[] }[] = [];
    for (const folder of folders as readonly string[]) {
      const { name, ignored, comparisons } = await runFolder(folder, engine, precision);
      if (ignored.length > 0) reporter.note(`${name}: case.json says ${ignored.join(', ')}, which is not used`);
      if (comparisons.length === 0) reporter.note(`${name}: a module alone is compared in fp32 only`);
      cases.push({ name, comparisons });
    }
    const failed = cases.flatMap((c) =>
      c.comparisons.filter(({ within }) => !within).map(({ tensor }) => `${c.name}: ${tensor}`),
    );
    const rows = cases.flatMap((c) =>
      c.comparisons.map(({ tensor, kind, error, limit, within }) => [
        c.name,
        tensor,
        kind,
        error.toExponential(2),
        limit.toExponential(2),
        within ? 'ok' : 'FAILS',
      ]),
    );
    const table = formatTable(['case', 'tensor', 'measure', 'error', 'limit', ''], rows);
    const spread = cases.filter((c) => c.comparisons.some(({ kind }) => kind === 'spread')).map((c) => c.name);
    const tolerance = precision === 'fp32' ? TOLERANCE : LOW_PRECISION_TOLERANCE;
    const bound =
      precision === 'fp32'
        ? `${tolerance} of the largest magnitude`
        : `${tolerance} of the losses, as is asked of ${precision}; all else is compared in fp32`;
    const verdict = [
      failed.length === 0 ? `all within ${bound}` : `${failed.length} tensors FAIL`,
      ...(spread.length === 0
        ? []
        : [
            `spread: ${spread.join(', ')} was trained with random dropout masks that are not recorded; its training figures are held against ours under random masks`,
          ]),
    ];
    reporter.result(`${table}\n${verdict.join('\n')}`, {
      engine: engine.name,
      device,
      precision,
      recompute,
      tolerance,
      passed: failed.length === 0,
      cases,
    });
    if (failed.length > 0) throw weightsError(`parity fails for ${failed.length} tensors`, { at: failed.join(', ') });
  },
};
