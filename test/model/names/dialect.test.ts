import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PetlVideoError } from '../../../src/errors/index.ts';
import { type Mapping, mapCheckpoint, type WeightsVit } from '../../../src/model/checkpoint-names.ts';
import { float32, type HostTensor, sizeOf } from '../../../src/tensor/host.ts';

type Specs = Map<string, { shape: number[] }>;

const D = 768;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const specsOf = (entries: Iterable<readonly [string, readonly number[]]>): Specs =>
  new Map([...entries].map(([name, shape]) => [name, { shape: [...shape] }]));

const IMAGE_B: WeightsVit = {
  width: D,
  depth: 12,
  heads: 12,
  patch: 16,
  tubelet: 1,
  mlpRatio: 4,
  bias: 'qkv',
  clsToken: true,
  positions: 'learned',
  pool: 'cls',
};
const VIDEO_B: WeightsVit = { ...IMAGE_B, tubelet: 2, bias: 'qv', clsToken: false, positions: 'sincos', pool: 'mean' };
/** An image ViT-B has 85,798,656 parameters with norm and without head, a VideoMAE ViT-B 86,227,200 with fc_norm. */
const IMAGE_NUMBERS = 85_798_656;
const VIDEO_NUMBERS = 86_227_200;

/** Google's names of a ViT. */
function google(options: { byKind?: boolean; preLogits?: boolean; width?: number; heads?: number } = {}): Specs {
  const { byKind = false, width = D, heads = 12 } = options;
  const prefix = byKind ? 'params/' : '';
  const [attention, norm2, mlp] = byKind ? [0, 1, 0] : [1, 2, 3];
  const d = width / heads;
  const block = (i: number): [string, number[]][] => {
    const at = `Transformer/encoderblock_${i}`;
    const attn = `${at}/MultiHeadDotProductAttention_${attention}`;
    return [
      ...[0, norm2].flatMap((n): [string, number[]][] => [
        [`${at}/LayerNorm_${n}/scale`, [width]],
        [`${at}/LayerNorm_${n}/bias`, [width]],
      ]),
      ...['query', 'key', 'value'].flatMap((name): [string, number[]][] => [
        [`${attn}/${name}/kernel`, [width, heads, d]],
        [`${attn}/${name}/bias`, [heads, d]],
      ]),
      [`${attn}/out/kernel`, [heads, d, width]],
      [`${attn}/out/bias`, [width]],
      [`${at}/MlpBlock_${mlp}/Dense_0/kernel`, [width, 4 * width]],
      [`${at}/MlpBlock_${mlp}/Dense_0/bias`, [4 * width]],
      [`${at}/MlpBlock_${mlp}/Dense_1/kernel`, [4 * width, width]],
      [`${at}/MlpBlock_${mlp}/Dense_1/bias`, [width]],
    ];
  };
  const all: [string, number[]][] = [
    ['cls', [1, 1, width]],
    [byKind ? 'pos_embedding' : 'Transformer/posembed_input/pos_embedding', [1, 197, width]],
    ['embedding/kernel', [16, 16, 3, width]],
    ['embedding/bias', [width]],
    ...range(12).flatMap(block),
    ['Transformer/encoder_norm/scale', [width]],
    ['Transformer/encoder_norm/bias', [width]],
    ['head/kernel', [width, 21843]],
    ['head/bias', [21843]],
    ...((options.preLogits
      ? [
          ['pre_logits/kernel', [width, width]],
          ['pre_logits/bias', [width]],
        ]
      : []) as [string, number[]][]),
  ];
  return specsOf(all.map(([name, shape]) => [prefix + name, shape]));
}

/** Hugging Face's names of a VideoMAE or ViT. */
function huggingFace(kind: 'video' | 'image', prefix: string, more: readonly [string, number[]][] = []): Specs {
  const dense = (name: string, shape: number[]): [string, number[]][] => [
    [`${name}.weight`, shape],
    [`${name}.bias`, [shape[0] as number]],
  ];
  const norm = (name: string): [string, number[]][] => dense(name, [D]);
  const layer = (i: number): [string, number[]][] => {
    const at = `${prefix}encoder.layer.${i}`;
    const attn = `${at}.attention.attention`;
    const thirds = ['query', 'key', 'value'];
    return [
      ...norm(`${at}.layernorm_before`),
      ...norm(`${at}.layernorm_after`),
      ...(kind === 'image'
        ? thirds.flatMap((name) => dense(`${attn}.${name}`, [D, D]))
        : [
            ...thirds.map((name): [string, number[]] => [`${attn}.${name}.weight`, [D, D]]),
            ...['q_bias', 'v_bias'].map((name): [string, number[]] => [`${attn}.${name}`, [D]]),
          ]),
      ...dense(`${at}.attention.output.dense`, [D, D]),
      ...dense(`${at}.intermediate.dense`, [4 * D, D]),
      ...dense(`${at}.output.dense`, [D, 4 * D]),
    ];
  };
  const image: [string, number[]][] = [
    [`${prefix}embeddings.cls_token`, [1, 1, D]],
    [`${prefix}embeddings.position_embeddings`, [1, 197, D]],
    ...norm(`${prefix}layernorm`),
  ];
  return specsOf([
    ...(kind === 'image' ? image : []),
    ...dense(`${prefix}embeddings.patch_embeddings.projection`, kind === 'video' ? [D, 3, 2, 16, 16] : [D, 3, 16, 16]),
    ...range(12).flatMap(layer),
    ...more,
  ]);
}

const CLASSIFIER: [string, number[]][] = [
  ['classifier.weight', [400, D]],
  ['classifier.bias', [400]],
];
const FC_NORM: [string, number[]][] = [
  ['fc_norm.weight', [D]],
  ['fc_norm.bias', [D]],
];
const VIDEOMAE_NORM: [string, number[]][] = [
  ['videomae.layernorm.weight', [D]],
  ['videomae.layernorm.bias', [D]],
];

const numbers = ({ tensors }: Mapping): number => tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** The mapping, in which nothing is missing or unexpected and every tensor of the file is taken or unused. */
function whole(specs: Specs, layout: string, vit: WeightsVit): Mapping {
  const mapping = mapCheckpoint(specs);
  assert.equal(mapping.layout, layout);
  assert.deepEqual(mapping.vit, vit);
  assert.deepEqual([mapping.missing, mapping.unexpected], [[], []]);
  const names = [...mapping.tensors.flatMap(({ from }) => from), ...mapping.unused.map(({ name }) => name)];
  assert.deepEqual(names.sort(), [...specs.keys()].sort());
  return mapping;
}

test("google-npz: the original files and big_vision's, with heads from the shapes", () => {
  const head = 21843 * (D + 1);
  assert.equal(numbers(whole(google(), 'google-npz', IMAGE_B)), IMAGE_NUMBERS + head);
  const mapping = whole(google({ byKind: true }), 'google-npz', IMAGE_B);
  assert.equal(numbers(mapping), IMAGE_NUMBERS + head);
  const of = (name: string) => mapping.tensors.find((tensor) => tensor.name === name);
  const attn = 'params/Transformer/encoderblock_11/MultiHeadDotProductAttention_0';
  assert.deepEqual(of('blocks.11.attn.qkv.weight')?.from, [
    `${attn}/query/kernel`,
    `${attn}/key/kernel`,
    `${attn}/value/kernel`,
  ]);
  assert.deepEqual(of('blocks.11.norm2.weight')?.from, ['params/Transformer/encoderblock_11/LayerNorm_1/scale']);
  assert.equal(whole(google({ width: 96, heads: 4 }), 'google-npz', { ...IMAGE_B, width: 96, heads: 4 }).vit.heads, 4);
});

test("google-npz: a training's own file, with its optimizer", () => {
  const specs = new Map([...google()].map(([name, spec]) => [`opt/target/${name}`, spec]));
  specs.set('opt/state/step', { shape: [] });
  const mapping = whole(specs, 'google-npz', IMAGE_B);
  assert.deepEqual(
    mapping.unused.map(({ name }) => name),
    ['opt/state/step'],
  );
});

test('google-npz: a head behind pre_logits means nothing without them', () => {
  const mapping = whole(google({ preLogits: true }), 'google-npz', IMAGE_B);
  assert.equal(numbers(mapping), IMAGE_NUMBERS);
  const why = Object.fromEntries(mapping.unused.map((item) => [item.name, item.why]));
  assert.match(why['head/kernel'] ?? '', /reads pre_logits/);
  assert.match(why['pre_logits/kernel'] ?? '', /classifier of the source task/);
});

test('what a dialect lacks is named as the file would name it', () => {
  const specs = google();
  specs.delete('Transformer/encoderblock_3/MlpBlock_3/Dense_0/bias');
  specs.set('Transformer/encoderblock_3/gate', { shape: [1] });
  const { missing, unexpected } = mapCheckpoint(specs);
  assert.deepEqual(
    missing.map(({ name, lacks }) => [name, lacks]),
    [['blocks.3.mlp.fc1.bias', ['Transformer/encoderblock_3/MlpBlock_3/Dense_0/bias']]],
  );
  assert.deepEqual(unexpected, ['Transformer/encoderblock_3/gate']);
  const half = huggingFace('video', 'videomae.', [...FC_NORM, ...CLASSIFIER]);
  half.delete('classifier.bias');
  half.delete('videomae.encoder.layer.0.attention.attention.v_bias');
  assert.deepEqual(
    mapCheckpoint(half).missing.map(({ lacks }) => lacks),
    [['videomae.encoder.layer.0.attention.attention.v_bias'], ['classifier.bias']],
  );
  const bent = google();
  bent.set('Transformer/encoderblock_2/MlpBlock_3/Dense_0/kernel', { shape: [4 * D, D] });
  assert.throws(
    () => mapCheckpoint(bent),
    /tensor 'Transformer\/encoderblock_2\/MlpBlock_3\/Dense_0\/kernel', as blocks\.2\.fc1\.weight, has shape \[768, 3072\]/,
  );
});

test('hf-videomae: fine-tuned, pre-trained, and the classifier over token 0', () => {
  const head = 400 * (D + 1);
  const tuned = whole(huggingFace('video', 'videomae.', [...FC_NORM, ...CLASSIFIER]), 'hf-videomae', VIDEO_B);
  assert.equal(numbers(tuned), VIDEO_NUMBERS + head);
  assert.match(tuned.notes[0] ?? '', /ε 1e-12 .* here it is 1e-6/);
  const over0 = whole(huggingFace('video', 'videomae.', [...VIDEOMAE_NORM, ...CLASSIFIER]), 'hf-videomae', {
    ...VIDEO_B,
    pool: 'cls',
  });
  assert.equal(numbers(over0), VIDEO_NUMBERS + head);
  const decoder: [string, number[]][] = [
    ['mask_token', [1, 1, 384]],
    ['encoder_to_decoder.weight', [384, D]],
    ['decoder.decoder_layers.0.layernorm_before.weight', [384]],
    ['decoder.norm.weight', [384]],
  ];
  const pretrained = whole(huggingFace('video', 'videomae.', [...VIDEOMAE_NORM, ...decoder]), 'hf-videomae', VIDEO_B);
  assert.equal(numbers(pretrained), VIDEO_NUMBERS - 2 * D);
  assert.equal(pretrained.unused.length, 6);
  assert.deepEqual(
    pretrained.fresh.map(({ name }) => name),
    ['fc_norm.weight', 'fc_norm.bias'],
  );
  whole(huggingFace('video', ''), 'hf-videomae', VIDEO_B);
  const small = mapCheckpoint(
    new Map(
      [...huggingFace('video', 'videomae.')].map(([name, { shape }]) => [
        name,
        { shape: shape.map((extent) => (extent % D === 0 ? extent / 2 : extent)) },
      ]),
    ),
  );
  // Its configuration says 16 where the original has 6.
  assert.equal(small.vit.heads, 6);
});

test('hf-vit: with and without classifier, prefix and pooler', () => {
  assert.equal(
    numbers(whole(huggingFace('image', 'vit.', CLASSIFIER), 'hf-vit', IMAGE_B)),
    IMAGE_NUMBERS + 400 * (D + 1),
  );
  const pooler: [string, number[]][] = [
    ['pooler.dense.weight', [D, D]],
    ['pooler.dense.bias', [D]],
  ];
  const mapping = whole(huggingFace('image', '', pooler), 'hf-vit', IMAGE_B);
  assert.equal(numbers(mapping), IMAGE_NUMBERS);
  assert.match(mapping.unused[0]?.why ?? '', /no classifier of transformers reads/);
});

/** Element [i, j, …] of a row-major tensor. */
function at({ shape, data }: HostTensor, ...index: number[]): number {
  return data[index.reduce((flat, i, axis) => flat * (shape[axis] as number) + i, 0)] as number;
}

function counting(shape: readonly number[]): HostTensor {
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
  );
}

test('google-npz: kernels are turned, heads flattened, the patch kernel given its axes', () => {
  const specs = google({ width: 12, heads: 3 });
  const mapping = mapCheckpoint(specs);
  const made = (name: string): { ours: HostTensor; theirs: HostTensor[] } => {
    const tensor = mapping.tensors.find((item) => item.name === name);
    const theirs = (tensor?.from ?? []).map((from) => counting(specs.get(from)?.shape ?? []));
    const ours = tensor?.build(theirs) as HostTensor;
    assert.deepEqual(ours.shape, tensor?.shape);
    return { ours, theirs };
  };
  const compare = (
    name: string,
    rows: number,
    columns: number,
    theirs: (parts: HostTensor[], row: number, column: number) => number,
  ): void => {
    const { ours, theirs: parts } = made(name);
    assert.deepEqual(ours.shape, [rows, columns]);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        assert.equal(at(ours, row, column), theirs(parts, row, column), `${name} [${row}, ${column}]`);
      }
    }
  };
  // Row 12·t + 4·h + k of qkv is feature k of head h of third t.
  compare('blocks.0.attn.qkv.weight', 36, 12, (parts, row, column) =>
    at(parts[Math.floor(row / 12)] as HostTensor, column, Math.floor((row % 12) / 4), row % 4),
  );
  compare('blocks.0.attn.proj.weight', 12, 12, ([out], row, column) =>
    at(out as HostTensor, Math.floor(column / 4), column % 4, row),
  );
  compare('blocks.0.mlp.fc1.weight', 48, 12, ([kernel], row, column) => at(kernel as HostTensor, column, row));
  const bias = made('blocks.0.attn.qkv.bias');
  assert.deepEqual([...bias.ours.data], [...range(12), ...range(12), ...range(12)]);
  const { ours, theirs } = made('patch_embed.proj.weight');
  assert.deepEqual(ours.shape, [12, 3, 1, 16, 16]);
  for (const [out, channel, row, column] of [
    [0, 0, 0, 1],
    [5, 2, 3, 14],
    [11, 1, 15, 0],
  ] as [number, number, number, number][]) {
    assert.equal(at(ours, out, channel, 0, row, column), at(theirs[0] as HostTensor, row, column, channel, out));
  }
});

test('ViTs that compute something else are refused by what they are', () => {
  const image = (): Specs => huggingFace('image', 'vit.');
  const cases: [string, number[], RegExp][] = [
    ['vit.embeddings.distillation_token', [1, 1, D], /a distilled DeiT/],
    ['vit.embeddings.register_tokens', [1, 4, D], /register tokens/],
    ['vit.encoder.layer.0.layer_scale1.lambda1', [D], /LayerScale/],
  ];
  for (const [name, shape, message] of cases) {
    assert.throws(
      () => mapCheckpoint(image().set(name, { shape })),
      (error) => error instanceof PetlVideoError && error.kind === 'weights' && message.test(error.message),
    );
  }
  assert.throws(() => mapCheckpoint(google().set('MAPHead_0/probe', { shape: [1, 1, D] })), /pools by attention/);
  const noEmbedClass = google().set('Transformer/posembed_input/pos_embedding', { shape: [1, 196, D] });
  assert.throws(() => mapCheckpoint(noEmbedClass), /class token has no position.*pos_embed of 196 rows/);
  const stacked = specsOf([['Transformer/encoderblock/LayerNorm_0/scale', [12, D]]]);
  assert.throws(() => mapCheckpoint(stacked), /whose blocks are stacked in one array/);
});
