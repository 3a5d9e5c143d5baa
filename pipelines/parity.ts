/** `petl-video parity`: golden cases of the original PyTorch code against ours. */
import { chooseEngine, describeEngine } from '../src/engine/choose.ts';
import { DEFAULT_ENGINE } from '../src/engine/options.ts';
import { weightsError } from '../src/errors/index.ts';
import { type Comparison, LOW_PRECISION_TOLERANCE, TOLERANCE } from '../src/train/parity/compare.ts';
import { readGoldenCase } from '../src/train/parity/golden-case.ts';
import { runCase } from '../src/train/parity/run-case.ts';
import type { Command } from './command.ts';
import { engineChoice, engineFlags } from './engine-choice.ts';
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
    const cases: { name: string; comparisons: Comparison[] }[] = [];
    for (const folder of folders as readonly string[]) {
      const golden = await readGoldenCase(folder);
      if (golden.ignored.length > 0)
        reporter.note(`${golden.name}: case.json says ${golden.ignored.join(', ')}, which is not used`);
      cases.push({ name: golden.name, comparisons: await runCase(golden, engine, precision) });
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
