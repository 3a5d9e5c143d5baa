/** `petl-video weights inspect`: what a checkpoint or weights file holds, and what an import would make of it. */
import { messageOf, PetlVideoError } from '../src/errors/index.ts';
import { elements, type TensorFile } from '../src/formats/stored-tensor.ts';
import { openTensorFile } from '../src/formats/tensor-file.ts';
import { type Mapping, mapCheckpoint } from '../src/model/checkpoint-names.ts';
import { groupNames, listNames } from '../src/model/names/summary.ts';
import type { Command } from './command.ts';
import { mapOptions } from './weights-import.ts';
import { backboneLine } from './weights-report.ts';

export const weightsInspect: Command = {
  name: 'weights inspect',
  summary: 'Show the tensors of a checkpoint, its layout and the backbone it is',
  arguments: [{ name: '<file>', description: 'torch zip checkpoint (.pth, .pt, .bin), .safetensors or .npz' }],
  options: [],
  examples: [
    'petl-video weights inspect videomae_pretrain_vit_b_1600.pth',
    'petl-video weights inspect vit-b.safetensors --json',
  ],
  async run([file], _options, { reporter }) {
    const source = await openTensorFile(file as string);
    try {
      const mapping = mapped(source);
      reporter.result(textOf(source, mapping), jsonOf(source, mapping));
    } finally {
      await source.close();
    }
  },
};

/** The mapping, or in words why there is none: a file that cannot be imported can still be looked at. */
function mapped(source: TensorFile): Mapping | string {
  try {
    return mapCheckpoint(source.specs, mapOptions(source, { layout: undefined, heads: undefined }));
  } catch (error) {
    if (!(error instanceof PetlVideoError)) throw error;
    return messageOf(error);
  }
}

const countOf = (source: TensorFile, names: readonly string[]): number =>
  names.reduce((total, name) => total + elements(source.specs.get(name)?.shape ?? []), 0);

function textOf(source: TensorFile, mapping: Mapping | string): string {
  const names = [...source.specs.keys()];
  const kind = (name: string): string => {
    const spec = source.specs.get(name);
    return `[${spec?.shape.join(', ')}] ${spec?.dtype}`;
  };
  const rows = groupNames(names, kind).map((group) => [
    group.name,
    kind(group.names[0] as string),
    group.names.length === 1 ? '' : `× ${group.names.length}`,
  ]);
  const [nameWidth, kindWidth] = [0, 1].map((i) => Math.max(0, ...rows.map((row) => row[i]?.length ?? 0)));
  const table = rows.map(([name = '', shape = '', times = '']) =>
    `${name.padEnd(nameWidth ?? 0)}  ${shape.padEnd(kindWidth ?? 0)}  ${times}`.trimEnd(),
  );
  const facts = [...source.metadata].map(
    ([key, value]) => `${key} = ${value.length > 100 ? `${value.slice(0, 100)}…` : value}`,
  );
  const lines = [
    `${source.file}: ${source.format}${source.path.length > 0 ? `, tensors under ${source.path.join('.')}` : ''}`,
    '',
    ...table,
    '',
    `${names.length} tensors, ${countOf(source, names).toLocaleString('en')} numbers`,
    ...(facts.length > 0 ? ['', ...facts] : []),
    ...(source.inert.length > 0 ? ['', `Python objects not built: ${source.inert.join(', ')}`] : []),
    '',
  ];
  if (typeof mapping === 'string') return [...lines, `cannot be imported: ${mapping}`].join('\n');
  const [backbone, what] = backboneLine(mapping.vit);
  return [
    ...lines,
    `layout      ${mapping.layout}`,
    `${backbone.padEnd(11)} ${what}`,
    `missing     ${listNames(mapping.missing.map(({ name }) => name))}`,
    `unexpected  ${listNames(mapping.unexpected)}`,
    `unused      ${listNames(mapping.unused.map(({ name }) => name))}`,
    ...mapping.notes.map((note) => `note        ${note}`),
  ].join('\n');
}

function jsonOf(source: TensorFile, mapping: Mapping | string): unknown {
  const { file, format, path, specs, metadata, inert } = source;
  const tensors = [...specs].map(([name, { shape, dtype }]) => ({ name, shape, dtype }));
  const about = {
    file,
    format,
    path,
    tensors,
    numbers: countOf(source, [...specs.keys()]),
    metadata: Object.fromEntries(metadata),
    inert,
  };
  if (typeof mapping === 'string') return { ...about, layout: null, reason: mapping };
  const { layout, vit, missing, unexpected, unused, fresh, notes } = mapping;
  const [kind] = backboneLine(vit);
  return { ...about, layout, [kind]: vit, missing, unexpected, unused, fresh, notes };
}
