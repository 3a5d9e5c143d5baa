/** The files of configs/vtab1k, written from the table: for each method a `_base.yaml` and a file for each task. */
import { type VtabMeans, vtabMeans } from '../../src/eval/vtab.ts';
import { PUBLISHED, REEVALUATED, SETTINGS, TASKS } from './vtab1k-table.ts';

type Row = Readonly<Record<string, string>>;

interface Family {
  /** Folder, and middle of the recipes' names. */
  readonly folder: string;
  /** `Convpass`. */
  readonly title: string;
  /** On what, where it is not ViT-B/16. */
  readonly backbone?: 'swin-b';
  readonly what: string;
  /** Where the numbers come from. */
  readonly source: string;
  readonly published?: Row;
  readonly reevaluated?: Row;
  /** Comment lines of the base: where the settings come from, and what is not as the authors have it. */
  readonly notes: readonly string[];
  /** Grid to choose from, as `--sweep` takes it. */
  readonly grid: string;
  /** YAML of the base, below `data`. */
  readonly sections: string;
  /** How pixels become the model's. */
  readonly pixels?: string;
  readonly normalize?: string;
  readonly augReg?: true;
  /** YAML of a task's file, below `data`. */
  readonly settings: (task: string) => string;
  /** Further lines of a task's header. */
  readonly remarks?: (task: string) => readonly string[];
  /** Trained parameters without the head. */
  readonly parameters: (task: string) => number;
}

const SQUASHED = `  crop: squash
  interpolation: bicubic`;

const VIT = `backbone:
  size: base
  patch: 16
  tubelet: 1
  bias: qkv
  positions: learned
  clsToken: true
  pool: cls`;

const SWIN = `backbone:
  model: swin
  size: base
  patch: 4
  window: 7
  dropPath: 0.1
  weights: weights/swin-b-w7-in21k.safetensors`;

const JIE_NOTES = [
  'AdamW with decay of every tensor, batches of 64 without the last one, 100 epochs, no augmentation: as the code of',
  'Convpass, FacT and RepAdapter (Jie, Luo and others) has it, its schedule one epoch late included. Their numbers are the',
  'best of ten measurements on the test split, seed 42; here the last epoch counts.',
];

function jie(method: string): string {
  return `${VIT}
  dropPath: 0.1
  weights: weights/vit-b-16-in21k.safetensors

method:
${method}

head:
  batchNorm: false
  initStd: 0.02

optim:
  name: adamw
  lr: 1.0e-3
  minLr: 1.0e-5
  warmupLr: 1.0e-6
  warmupEpochs: 10
  schedule: epochs-late
  weightDecay: 1.0e-4
  decay: all

train:
  epochs: 100
  batch: 64
  seed: 42
  validateEvery: 100`;
}

const noah = (method: string): string =>
  jie(method)
    .replace('schedule: epochs-late', 'schedule: epochs')
    .replace('decay: all', 'decay: matrices')
    .replace('seed: 42', 'seed: 0');

const NOAH_NOTES = [
  "AdamW, batches of 64, 100 epochs, timm's schedule per epoch, no augmentation: NOAH's settings of its baselines (Zhang et",
  'al. 2022). Its numbers are the best measurement on the test split; here the last epoch counts.',
];

const VPT_OPTIM = (warmup: number): string => `optim:
  name: sgd
  blr: 0.5
  momentum: 0.9
  weightDecay: 0.001
  warmupEpochs: ${warmup}

train:
  epochs: 100
  batch: 64
  dropLast: false
  seed: 42
  validateEvery: 100`;

const VPT_NOTES = [
  'SGD, 100 epochs, no augmentation: the settings of VPT (Jia et al., ECCV 2022), which searches learning rate and decay for',
  'each task on the validation split and reports the last epoch, mean of 5 seeds. What it chose is not published: the values',
  'below are a start, and the grid is its own.',
];
const VPT_GRID =
  '--sweep optim.blr=50,25,10,5,2.5,1,0.5,0.25,0.1,0.05 --sweep optim.weightDecay=0.01,0.001,0.0001,0 --seeds 42,44,82,100,800';

const BIAS_NOTES = [
  'AdamW, 100 epochs, no augmentation: the settings of VPT (Jia et al., ECCV 2022), which searches the learning rate for each',
  'task on the validation split and reports the last epoch, mean of 5 seeds. What it chose is not published: the value',
  'below is a start, and the grid is its own.',
];
const BIAS_GRID = '--sweep optim.lr=0.001,0.0001,0.0005,0.005 --seeds 42,44,82,100,800';

const adamwOfVpt = (method: string, lr: string): string => `${VIT}
  weights: weights/vit-b-16-in21k.safetensors

method:
  name: ${method}

head:
  batchNorm: false
  initStd: 0.02

optim:
  name: adamw
  lr: ${lr}
  weightDecay: 0.01
  warmupEpochs: 10

train:
  epochs: 100
  batch: 64
  dropLast: false
  seed: 42
  validateEvery: 100`;

const constant = (count: number) => (): number => count;
const [WIDTH, DEPTH] = [768, 12];
const split = (text: string | undefined): string[] => (text ?? '').split('/');
const rankAndScale =
  (row: Row) =>
  (task: string): string => {
    const [rank, scale] = split(row[task]);
    return `method: { rank: ${rank}, scale: ${scale} }`;
  };
const rankOf = (row: Row, task: string): number => Number(split(row[task])[0]);

export const FAMILIES: readonly Family[] = [
  {
    folder: 'arc',
    title: 'ARC',
    what: 'adapters re-composed from two projections of 50 that all blocks share, in front of attention and MLP',
    source: 'ARC (Dong et al., NeurIPS 2023), as reprinted by its authors in RLRR and HTA',
    published: PUBLISHED.arc,
    notes: [
      "AdamW, batches of 32, 100 epochs, the gradient's norm clipped at 1, no augmentation: the defaults of the authors' code.",
      'Their settings by task are not published; they search learning rate {0.2, 0.1, 0.05, 0.01, 0.005, 0.001, 0.0001}, decay',
      '{0.05, 0.01, 0.005, 0.001, 0} and dropout {0.5, 0.3, 0.2, 0.1, 0}, and report the best epoch on the test split; here the',
      'last epoch counts.',
    ],
    grid: '--sweep optim.lr=0.05,0.01,0.005,0.001 --sweep optim.weightDecay=0.05,0.01,0',
    sections: `${VIT}
  weights: weights/vit-b-16-in21k.safetensors

method:
  name: arc
  bottleneck: 50
  dropout: 0.1

head:
  batchNorm: false
  initStd: 0

optim:
  name: adamw
  lr: 0.01
  minLr: 1.0e-8 # 1e-6 of the base
  warmupEpochs: 10
  weightDecay: 0
  clipNorm: 1

train:
  epochs: 100
  batch: 32
  dropLast: false
  seed: 42
  validateEvery: 100`,
    settings: () => '',
    remarks: (task) => [
      `With AugReg weights: ${PUBLISHED.arcAugReg[task]} % (backbone.weights=weights/vit-b-16-augreg-in21k.safetensors data.normalize=half).`,
    ],
    parameters: constant(96_432),
  },
  {
    folder: 'convpass',
    title: 'Convpass',
    what: 'a convolutional bypass of 8 channels beside attention and beside the MLP of each block',
    source: 'Convpass (Jie and Deng 2022)',
    published: PUBLISHED.convpass,
    reevaluated: REEVALUATED.convpass,
    notes: JIE_NOTES,
    grid: '--sweep method.scale=0.01,0.1,1,10,100',
    sections: jie('  name: convpass\n  bottleneck: 8\n  dropout: 0.1'),
    settings: (task) => `method: { scale: ${SETTINGS.convpassScale[task]}, convInit: ${SETTINGS.convpassInit[task]} }`,
    parameters: constant(327_552),
  },
  {
    folder: 'convpass-attn',
    title: 'Convpass-attn',
    what: 'a convolutional bypass of 8 channels beside the attention of each block',
    source: 'Convpass (Jie and Deng 2022)',
    published: PUBLISHED.convpassAttn,
    notes: JIE_NOTES,
    grid: '--sweep method.scale=0.01,0.1,1,10,100',
    sections: jie('  name: convpass-attn\n  bottleneck: 8\n  convInit: xavier\n  dropout: 0.1'),
    settings: (task) => `method: { scale: ${SETTINGS.convpassAttnScale[task]} }`,
    parameters: constant(163_776),
  },
  {
    folder: 'adaptformer',
    title: 'AdaptFormer-8',
    what: 'a parallel bottleneck of 8 beside each MLP',
    source: 'the AdaptFormer row of Convpass, FacT and later tables',
    published: PUBLISHED.adaptformer,
    reevaluated: REEVALUATED.adaptformer,
    notes: [
      ...JIE_NOTES,
      'How that row was trained is not published: these are the settings of the tables that it stands in, with the scale of',
      'AdaptFormer itself.',
    ],
    grid: '--sweep method.scale=0.01,0.1,1,10',
    sections: jie('  name: adaptformer\n  bottleneck: 8\n  position: parallel\n  scale: 0.1\n  dropout: 0.1'),
    settings: () => '',
    parameters: constant(156_768),
  },
  {
    folder: 'fact-tk',
    title: 'FacT-TK',
    what: 'one low-rank tensor for the changes of all layers, in Tucker form',
    source: 'FacT (Jie and Deng, AAAI 2023), the row of ranks up to 32',
    published: PUBLISHED.factTk,
    reevaluated: REEVALUATED.factTk,
    notes: JIE_NOTES,
    grid: '--sweep method.scale=0.01,0.1,1,10,100 --sweep method.rank=16,32',
    sections: jie('  name: fact-tk\n  dropout: 0.1'),
    settings: rankAndScale(SETTINGS.factTk),
    parameters: (task) => {
      const rank = rankOf(SETTINGS.factTk, task);
      return 2 * WIDTH * rank + 12 * DEPTH * rank + rank ** 3;
    },
  },
  {
    folder: 'fact-tt',
    title: 'FacT-TT',
    what: 'one low-rank tensor for the changes of all layers, in tensor-train form',
    source:
      'FacT (Jie and Deng, AAAI 2023): mean of the 3 groups 75.3 % for ranks up to 16; its row by task is not known to us',
    reevaluated: REEVALUATED.factTt,
    notes: JIE_NOTES,
    grid: '--sweep method.scale=0.01,0.1,1,10,100 --sweep method.rank=4,8,16',
    sections: jie('  name: fact-tt\n  dropout: 0.1'),
    settings: rankAndScale(SETTINGS.factTt),
    parameters: (task) => {
      const rank = rankOf(SETTINGS.factTt, task);
      return 2 * WIDTH * rank + 12 * DEPTH * rank ** 2;
    },
  },
  {
    folder: 'repadapter',
    title: 'RepAdapter',
    what: 'linear adapters of 8 with a grouped up projection, in front of attention and MLP',
    source: 'RepAdapter (Luo et al. 2023)',
    published: PUBLISHED.repadapter,
    reevaluated: REEVALUATED.repadapter,
    notes: JIE_NOTES,
    grid: '--sweep method.scale=0.1,0.5,1,5,10',
    sections: jie('  name: repadapter\n  bottleneck: 8\n  groups: 2\n  dropout: 0.1'),
    settings: (task) => `method: { scale: ${SETTINGS.repadapterScale[task]} }`,
    parameters: constant(239_808),
  },
  {
    folder: 'lora',
    title: 'LoRA',
    what: 'changes of rank 8 of queries, keys and values with one down projection in common',
    source: 'NOAH (Zhang et al. 2022)',
    published: PUBLISHED.lora,
    reevaluated: REEVALUATED.lora,
    notes: NOAH_NOTES,
    grid: '--sweep optim.lr=5e-4,1e-3,5e-3 --sweep method.scale=0.1,1,10',
    sections: noah('  name: lora\n  rank: 8\n  sites: [q, k, v]\n  sharedDown: true\n  dropout: 0.1'),
    settings: () => '',
    parameters: constant(294_912),
  },
  {
    folder: 'adapter',
    title: 'Adapter',
    what: 'a bottleneck of 8 behind the MLP of each block, as NOAH has it',
    source: 'NOAH (Zhang et al. 2022)',
    published: PUBLISHED.adapter,
    notes: NOAH_NOTES,
    grid: '--sweep optim.lr=5e-4,1e-3,5e-3',
    sections: noah('  name: adapter\n  variant: noah\n  bottleneck: 8'),
    settings: () => '',
    parameters: constant(156_768),
  },
  {
    folder: 'ssf',
    title: 'SSF',
    what: 'a scale and a shift behind every operation',
    source: 'SSF (Lian et al., NeurIPS 2022), with AugReg weights',
    published: PUBLISHED.ssf,
    reevaluated: REEVALUATED.ssf,
    notes: [
      "AdamW, 64 images a step, 100 epochs, learning rate, decay and drop path by task: the authors' scripts. Their numbers are",
      'the best measurement on the test split; here the last epoch counts. The weights are the AugReg ones of timm: rows with',
      'the original ones are not to be compared.',
    ],
    grid: '--sweep optim.lr=1e-3,2e-3,5e-3,1e-2,2e-2 --sweep optim.weightDecay=0.05,5e-5 --sweep backbone.dropPath=0,0.1,0.2',
    pixels: '  crop: center\n  interpolation: bicubic',
    normalize: 'half',
    augReg: true,
    sections: `${VIT}
  weights: weights/vit-b-16-augreg-in21k.safetensors

method:
  name: ssf

head:
  batchNorm: false
  initStd: 0.02

optim:
  name: adamw
  lr: 5.0e-3
  minLr: 1.0e-8
  warmupLr: 1.0e-7
  warmupEpochs: 10
  schedule: epochs
  weightDecay: 5.0e-5

train:
  epochs: 100
  batch: 64
  seed: 42
  validateEvery: 100`,
    settings: (task) => {
      const [lr, decay, dropPath] = split(SETTINGS.ssf[task]);
      return `backbone: { dropPath: ${dropPath} }\noptim: { lr: ${yamlFloat(lr)}, weightDecay: ${yamlFloat(decay)} }`;
    },
    parameters: constant(205_824),
  },
  {
    folder: 'vpt-deep',
    title: 'VPT-deep',
    what: 'prompts in front of each block',
    source: 'VPT (Jia et al., ECCV 2022)',
    published: PUBLISHED.vptDeep,
    reevaluated: REEVALUATED.vptDeep,
    notes: [...VPT_NOTES, 'The number of prompts is the one of each task in the configuration of Adapter+.'],
    grid: VPT_GRID,
    sections: `${VIT}
  weights: weights/vit-b-16-in21k.safetensors

method:
  name: vpt-deep
  dropout: 0.1

head:
  batchNorm: false
  initStd: 0.02

${VPT_OPTIM(10)}`,
    settings: (task) => `method: { prompts: ${SETTINGS.vptPrompts[task]} }`,
    parameters: (task) => DEPTH * WIDTH * Number(SETTINGS.vptPrompts[task]),
  },
  {
    folder: 'linear',
    title: 'Linear probe',
    what: 'the classifier alone',
    source: 'VPT (Jia et al., ECCV 2022)',
    published: PUBLISHED.linear,
    reevaluated: REEVALUATED.linear,
    notes: VPT_NOTES,
    grid: VPT_GRID,
    sections: `${VIT}
  weights: weights/vit-b-16-in21k.safetensors

method:
  name: linear

head:
  batchNorm: false
  initStd: 0.02

${VPT_OPTIM(10)}`,
    settings: () => '',
    parameters: constant(0),
  },
  {
    folder: 'vpt-shallow',
    title: 'VPT-shallow',
    what: '50 prompts behind the class token at the input',
    source: 'VPT (Jia et al., ECCV 2022)',
    published: PUBLISHED.vptShallow,
    reevaluated: REEVALUATED.vptShallow,
    notes: [...VPT_NOTES, 'The number of prompts is searched too: 1, 5, 10, 50, 100, 200.'],
    grid: `${VPT_GRID} --sweep method.prompts=1,5,10,50,100,200`,
    sections: `${VIT}
  weights: weights/vit-b-16-in21k.safetensors

method:
  name: vpt-shallow
  prompts: 50

head:
  batchNorm: false
  initStd: 0.02

${VPT_OPTIM(10)}`,
    settings: () => '',
    parameters: constant(50 * WIDTH),
  },
  {
    folder: 'full',
    title: 'Full fine-tuning',
    what: 'every parameter of the backbone',
    source: 'VPT (Jia et al., ECCV 2022)',
    published: PUBLISHED.full,
    reevaluated: REEVALUATED.full,
    notes: BIAS_NOTES,
    grid: BIAS_GRID,
    sections: adamwOfVpt('full', '1.0e-4'),
    settings: () => '',
    parameters: constant(85_798_656),
  },
  {
    folder: 'bitfit',
    title: 'BitFit',
    what: 'every bias of the backbone',
    source: 'VPT (Jia et al., ECCV 2022), there "Bias"',
    published: PUBLISHED.bitfit,
    reevaluated: REEVALUATED.bitfit,
    notes: BIAS_NOTES,
    grid: BIAS_GRID,
    sections: adamwOfVpt('bitfit', '1.0e-3'),
    settings: () => '',
    parameters: constant(102_912),
  },
  {
    folder: 'arc-swin-b',
    title: 'ARC',
    backbone: 'swin-b',
    what: 'adapters re-composed from two projections of 50 for each stage, in front of attention and on the stream before the MLP',
    source: 'ARC (Dong et al., NeurIPS 2023), as reprinted by its authors in RLRR and HTA',
    published: PUBLISHED.arcSwin,
    notes: [
      "AdamW, batches of 32, 100 epochs, the gradient's norm clipped at 1, no augmentation; learning rate and decay by task: the",
      "authors' code. The dropout that it is given by task does not reach its adapters, which drop a half in every task, as here.",
      'Their numbers are those of the best epoch on the test split; here the last epoch counts.',
    ],
    grid: '--sweep optim.lr=0.01,0.005,0.001 --sweep optim.weightDecay=0.05,0.01,0',
    sections: `${SWIN}

method:
  name: arc
  bottleneck: 50
  dropout: 0.5

head:
  batchNorm: false
  initStd: 0

optim:
  name: adamw
  lr: 5.0e-3
  warmupEpochs: 10
  weightDecay: 0.01
  clipNorm: 1

train:
  epochs: 100
  batch: 32
  dropLast: false
  seed: 42
  validateEvery: 100`,
    settings: (task) => {
      const [lr, decay] = split(SETTINGS.arcSwin[task]);
      const least = (Number(lr) * 1e-6).toExponential(1);
      return `optim: { lr: ${lr}, minLr: ${least}, weightDecay: ${yamlFloat(decay)} }`;
    },
    parameters: constant(218_464),
  },
  {
    folder: 'convpass-swin-b',
    title: 'Convpass',
    backbone: 'swin-b',
    what: 'a convolutional bypass of 8 channels beside attention and beside the MLP of each block',
    source:
      'Natural 83.1, Specialized 87.2, Structured 64.1; mean of the 3 groups 78.1 % (Convpass, Jie and Deng 2022); its row by task is not known to us',
    notes: [...JIE_NOTES, 'The scales of Swin-B are not published: those of ViT-B/16 are a start.'],
    grid: '--sweep method.scale=0.01,0.1,1,10,100',
    sections: jie('  name: convpass\n  bottleneck: 8\n  dropout: 0.1').replace(
      /^backbone:(?:.|\n)*?weights: .*$/m,
      () => SWIN,
    ),
    settings: (task) => `method: { scale: ${SETTINGS.convpassScale[task]}, convInit: ${SETTINGS.convpassInit[task]} }`,
    parameters: constant(437_504),
  },
];

/** YAML 1.2 reads 5e-3 as a number all the same; written as the other recipes are. */
function yamlFloat(text: string | undefined): string {
  return (text ?? '').replace(/^(\d)e/, '$1.0e');
}

/** Path below configs/vtab1k → text. */
export function vtabRecipes(families: readonly Family[] = FAMILIES): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const family of families) {
    files.set(`${family.folder}/_base.yaml`, baseText(family));
    for (const task of Object.keys(TASKS)) files.set(`${family.folder}/${task}.yaml`, taskText(family, task));
  }
  return files;
}

/** A comment of as many lines as it takes. */
export function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > 120) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

const SCHEMA = '# yaml-language-server: $schema=../../recipe.schema.json';
const backboneTitle = ({ backbone, augReg }: Family): string =>
  backbone === 'swin-b' ? 'Swin-B' : augReg ? 'ViT-B/16 (AugReg)' : 'ViT-B/16';

function baseText(family: Family): string {
  const { folder, title, what, source, published, notes, grid, sections } = family;
  const weights =
    family.backbone === 'swin-b'
      ? 'swin_base_patch4_window7_224_22k.pth'
      : family.augReg
        ? "timm's vit_base_patch16_224.augreg_in21k"
        : "Google's ViT-B_16.npz of ImageNet-21k, the first one and not AugReg";
  const lines = [
    SCHEMA,
    ...comment(`What the 19 recipes of ${title} on VTAB-1k share: ${what}, on ${backboneTitle(family)}.`),
    '#',
    `#   petl-video train configs/vtab1k/${folder}`,
    '#',
    '# trains all of them, goes on where it was stopped, and prints both means.',
    ...comment(`Expected: ${published === undefined ? '' : `${meansText(published)}; `}${source}.`),
    '#',
    ...comment(notes.join(' ')),
    '#',
    ...comment(
      'Trained on the 1,000 images of training and validation together, measured on the test split once, at the end. To choose settings, do it on the validation split, and train the chosen ones anew on both:',
    ),
    '#',
    `#   petl-video train configs/vtab1k/${folder} data.trainSplit=train data.validationSplit=validation --final-split trainval \\`,
    `#     ${grid}`,
    '#',
    ...comment(
      `The images that go about are JPEG copies of every data set, 32 × 32 ones too, which costs up to ten points on CIFAR-100: \`petl-video prepare vtab1k\` says which copy it found. The weights are ${weights}, from \`petl-video weights import\`.`,
    ),
    '',
    'data:',
    '  path: data/vtab1k # and the task',
    '  trainSplit: trainval',
    '  validationSplit: test',
    '  frames: 1',
    '  size: 224',
    family.pixels ?? SQUASHED,
    '  flip: false',
    `  normalize: ${family.normalize ?? 'imagenet'}`,
    '',
    sections,
    '',
    'eval:',
    '  segments: 1',
    '  crops: 1',
    ...(family.pixels === undefined ? ['  resize: squash'] : []),
    '  batch: 64',
  ];
  return `${lines.join('\n')}\n`;
}

function taskText(family: Family, task: string): string {
  const { folder, title, published, reevaluated, source } = family;
  const [name, classes] = TASKS[task] as readonly [string, number];
  const own = family.parameters(task);
  const head = (family.backbone === 'swin-b' ? 1025 : WIDTH + 1) * classes;
  const number = (count: number): string => count.toLocaleString('en-US');
  const expected = published === undefined ? 'no published number' : `${published[task]} %, ${source}`;
  const settings = family.settings(task);
  const lines = [
    SCHEMA,
    `# ${title} on VTAB-1k, ${name}, over ${backboneTitle(family)}.`,
    '#',
    `#   petl-video train configs/vtab1k/${folder}/${task}.yaml`,
    `#   petl-video evaluate runs/vtab1k-${folder}-${task}`,
    '#',
    `# Trained parameters: ${number(own + head)}${own === 0 ? '' : ` (${number(own)} without the classifier)`}`,
    ...comment(`Expected top-1: ${expected}. Not yet run here.`),
    ...(family.remarks?.(task) ?? []).flatMap(comment),
    ...(reevaluated === undefined
      ? []
      : [`# An independent study that chooses on the validation split has ${reevaluated[task]} % (ViT_PEFT_Vision).`]),
    'extends: _base.yaml',
    `name: vtab1k-${folder}-${task}`,
    `data: { path: data/vtab1k/${task} }`,
    ...(settings === '' ? [] : [settings]),
  ];
  return `${lines.join('\n')}\n`;
}

function meansText(row: Row): string {
  const { groups, ofGroups, ofTasks }: VtabMeans = vtabMeans(
    new Map(Object.entries(row).map(([task, value]) => [task, Number(value)])),
  );
  const parts = Object.entries(groups).map(([group, value]) => `${group} ${value.toFixed(1)}`);
  return `${parts.join(', ')}; mean of the 3 groups ${ofGroups?.toFixed(1)} %, of the 19 tasks ${ofTasks?.toFixed(1)} %`;
}
