/** `petl-video parity`: golden cases of the original PyTorch code against ours. */
import { chooseEngine, type EngineName } from '../src/engine/choose.ts';
import { usageError, weightsError } from '../src/errors/index.ts';
import { type Comparison, TOLERANCE } from '../src/train/parity/compare.ts';
import { readGoldenCase } from '../src/train/parity/golden-case.ts';
import { runCase } from '../src/train/parity/run-case.ts';
import type { Command } from './command.ts';
import { formatTable } from './table.ts';

export const parity: Command = {
  name: 'parity',
  summary: 'Compare forward, backward and optimizer with cases made by the original PyTorch code',
  arguments: [{ name: '<folders...>', description: 'folders with case.json, checkpoint.pth and expected.safetensors' }],
  options: [{ flags: '--engine <name>', description: 'tensorflow or cpu', default: 'tensorflow' }],
  examples: ['petl-video parity golden/video-adaptformer golden/video-full'],
  async run([folders], options, { environment, reporter }) {
    const name = options.engine as EngineName;
    if (name !== 'tensorflow' && name !== 'cpu') throw usageError(`'${name}' is no engine; choose tensorflow or cpu`);
    const engine = await chooseEngine(name, environment);
    reporter.note(`engine ${engine.name}: ${engine.device}`);
    const cases: { name: string; comparisons: Comparison[] }[] = [];
    for (const folder of folders as readonly string[]) {
      const golden = await readGoldenCase(folder);
      if (golden.ignored.length > 0)
        reporter.note(`${golden.name}: case.json says ${golden.ignored.join(', ')}, which is not used`);
      cases.push({ name: golden.name, comparisons: await runCase(golden, engine) });
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
    const verdict = [
      failed.length === 0 ? `all within ${TOLERANCE} of the largest magnitude` : `${failed.length} tensors FAIL`,
      ...(spread.length === 0
        ? []
        : [
            `spread: ${spread.join(', ')} was trained with random dropout masks that are not recorded; its training figures are held against ours under random masks`,
          ]),
    ];
    reporter.result(`${table}\n${verdict.join('\n')}`, {
      engine: engine.name,
      tolerance: TOLERANCE,
      passed: failed.length === 0,
      cases,
    });
    if (failed.length > 0) throw weightsError(`parity fails for ${failed.length} tensors`, { at: failed.join(', ') });
  },
};
