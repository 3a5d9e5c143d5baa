/** The commands of `petl-video`, loaded one by one: a run pays for its own imports only. */
import type { Command } from './command.ts';

export interface Listing {
  /** The words that call it: `weights import`. */
  readonly name: string;
  load(): Promise<Command>;
}

export const commands: readonly Listing[] = [
  { name: 'quickstart', load: async () => (await import('./quickstart.ts')).quickstart },
  { name: 'setup', load: async () => (await import('./setup.ts')).setup },
  { name: 'doctor', load: async () => (await import('./doctor.ts')).doctor },
  { name: 'prepare', load: async () => (await import('./prepare.ts')).prepare },
  { name: 'train', load: async () => (await import('./train.ts')).train },
  { name: 'inspect', load: async () => (await import('./inspect.ts')).inspect },
  { name: 'evaluate', load: async () => (await import('./evaluate.ts')).evaluate },
  { name: 'compare', load: async () => (await import('./compare.ts')).compare },
  { name: 'embed', load: async () => (await import('./embed.ts')).embed },
  { name: 'report', load: async () => (await import('./report.ts')).report },
  { name: 'predict', load: async () => (await import('./predict.ts')).predict },
  { name: 'serve', load: async () => (await import('./serve.ts')).serve },
  { name: 'export', load: async () => (await import('./export.ts')).exportCommand },
  { name: 'weights inspect', load: async () => (await import('./weights-inspect.ts')).weightsInspect },
  { name: 'weights import', load: async () => (await import('./weights-import.ts')).weightsImport },
  { name: 'weights export', load: async () => (await import('./weights-export.ts')).weightsExport },
  { name: 'weights merge', load: async () => (await import('./weights-merge.ts')).weightsMerge },
  { name: 'config show', load: async () => (await import('./config-show.ts')).configShow },
  { name: 'config check', load: async () => (await import('./config-check.ts')).configCheck },
  { name: 'config schema', load: async () => (await import('./config-schema.ts')).configSchema },
  { name: 'bench step', load: async () => (await import('./bench-step.ts')).benchStep },
  { name: 'bench data', load: async () => (await import('./bench-data.ts')).benchData },
  { name: 'bench methods', load: async () => (await import('./bench-methods.ts')).benchMethods },
  { name: 'parity', load: async () => (await import('./parity.ts')).parity },
];

/** What the first words of two-word commands stand for. */
export const groups: Readonly<Record<string, string>> = {
  weights: 'Look into checkpoints; import, merge and export them',
  config: 'Show and check recipes',
  bench: 'Measure speed, and compare methods',
};

/** The command that a line of words calls, or undefined. */
export function listingOf(words: readonly string[]): Listing | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, i) => words[i] === word));
}
