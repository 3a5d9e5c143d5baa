/** Names and shapes of the published ViT-B checkpoints, written out from their papers' repositories' models. */

export type Specs = Map<string, { shape: number[] }>;

const D = 768;

function specsOf(entries: Iterable<readonly [string, readonly number[]]>): Specs {
  return new Map([...entries].map(([name, shape]) => [name, { shape: [...shape] }]));
}

function fusedBlock(at: string, width: number, bias: 'qv' | 'qkv'): [string, number[]][] {
  return [
    [`${at}.norm1.weight`, [width]],
    [`${at}.norm1.bias`, [width]],
    ...((bias === 'qv'
      ? [
          [`${at}.attn.q_bias`, [width]],
          [`${at}.attn.v_bias`, [width]],
        ]
      : [[`${at}.attn.qkv.bias`, [3 * width]]]) as [string, number[]][]),
    [`${at}.attn.qkv.weight`, [3 * width, width]],
    [`${at}.attn.proj.weight`, [width, width]],
    [`${at}.attn.proj.bias`, [width]],
    [`${at}.norm2.weight`, [width]],
    [`${at}.norm2.bias`, [width]],
    [`${at}.mlp.fc1.weight`, [4 * width, width]],
    [`${at}.mlp.fc1.bias`, [4 * width]],
    [`${at}.mlp.fc2.weight`, [width, 4 * width]],
    [`${at}.mlp.fc2.bias`, [width]],
  ];
}

function norm(name: string, width = D): [string, number[]][] {
  return [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

export function videomaePretrain(options: { decoder: boolean } = { decoder: true }): Specs {
  const decoder: [string, number[]][] = [
    ['mask_token', [1, 1, 384]],
    ['encoder_to_decoder.weight', [384, D]],
    ...range(4).flatMap((i) => fusedBlock(`decoder.blocks.${i}`, 384, 'qv')),
    ...norm('decoder.norm', 384),
    ['decoder.head.weight', [1536, 384]],
    ['decoder.head.bias', [1536]],
  ];
  return specsOf([
    ['encoder.patch_embed.proj.weight', [D, 3, 2, 16, 16]],
    ['encoder.patch_embed.proj.bias', [D]],
    ...range(12).flatMap((i) => fusedBlock(`encoder.blocks.${i}`, D, 'qv')),
    ...norm('encoder.norm'),
    ...(options.decoder ? decoder : []),
  ]);
}

export function videomaeFinetune(prefix = '', classes = 400): Specs {
  return specsOf([
    [`${prefix}patch_embed.proj.weight`, [D, 3, 2, 16, 16]],
    [`${prefix}patch_embed.proj.bias`, [D]],
    ...range(12).flatMap((i) => fusedBlock(`${prefix}blocks.${i}`, D, 'qv')),
    ...norm('fc_norm'),
    ['head.weight', [classes, D]],
    ['head.bias', [classes]],
  ]);
}

export function maeImage(options: { decoder?: boolean; fineTuned?: boolean; preLogits?: boolean } = {}): Specs {
  const head: [string, number[]][] = [
    ['head.weight', [1000, D]],
    ['head.bias', [1000]],
  ];
  return specsOf([
    ['cls_token', [1, 1, D]],
    ['pos_embed', [1, 197, D]],
    ['patch_embed.proj.weight', [D, 3, 16, 16]],
    ['patch_embed.proj.bias', [D]],
    ...range(12).flatMap((i) => fusedBlock(`blocks.${i}`, D, 'qkv')),
    ...(options.fineTuned ? [...norm('fc_norm'), ...head] : norm('norm')),
    ...(options.preLogits
      ? ([
          ['pre_logits.fc.weight', [D, D]],
          ['pre_logits.fc.bias', [D]],
        ] as [string, number[]][])
      : []),
    ...(options.decoder
      ? ([
          ['mask_token', [1, 1, 512]],
          ['decoder_pos_embed', [1, 197, 512]],
          ['decoder_embed.weight', [512, D]],
          ['decoder_embed.bias', [512]],
          ...fusedBlock('decoder_blocks.0', 512, 'qkv'),
          ...norm('decoder_norm', 512),
          ['decoder_pred.weight', [D, 512]],
          ['decoder_pred.bias', [D]],
        ] as [string, number[]][])
      : []),
  ]);
}

interface AdaptFormerOptions {
  readonly prefix?: string;
  readonly bottleneck?: number;
  readonly prompts?: number;
  readonly learnedScale?: boolean;
  readonly adapterNorm?: boolean;
  /** `sequential`: BatchNorm and Linear; `none`: a backbone alone, with its encoder's norm. */
  readonly head?: 'sequential' | 'none';
}

export function adaptformer(kind: 'video' | 'image', options: AdaptFormerOptions = {}): Specs {
  const { prefix = '', bottleneck: d, prompts, head = 'sequential' } = options;
  const block = (i: number): [string, number[]][] => {
    const at = `${prefix}blocks.${i}`;
    const biases =
      kind === 'video' ? ['attn.q_bias', 'attn.v_bias'] : ['attn.q_proj.bias', 'attn.k_proj.bias', 'attn.v_proj.bias'];
    const adapter: [string, number[]][] =
      d === undefined
        ? []
        : [
            [`${at}.adaptmlp.down_proj.weight`, [d, D]],
            [`${at}.adaptmlp.down_proj.bias`, [d]],
            [`${at}.adaptmlp.up_proj.weight`, [D, d]],
            [`${at}.adaptmlp.up_proj.bias`, [D]],
          ];
    return [
      ...norm(`${at}.norm1`),
      ...biases.map((name): [string, number[]] => [`${at}.${name}`, [D]]),
      [`${at}.attn.q_proj.weight`, [D, D]],
      [`${at}.attn.v_proj.weight`, [D, D]],
      [`${at}.attn.k_proj.weight`, [D, D]],
      [`${at}.attn.proj.weight`, [D, D]],
      [`${at}.attn.proj.bias`, [D]],
      ...norm(`${at}.norm2`),
      [`${at}.fc1.weight`, [4 * D, D]],
      [`${at}.fc1.bias`, [4 * D]],
      [`${at}.fc2.weight`, [D, 4 * D]],
      [`${at}.fc2.bias`, [D]],
      ...adapter,
      ...(options.learnedScale ? ([[`${at}.adaptmlp.scale`, [1]]] as [string, number[]][]) : []),
      ...(options.adapterNorm ? norm(`${at}.adaptmlp.adapter_layer_norm_before`) : []),
    ];
  };
  const behind: [string, number[]][] =
    head === 'none'
      ? norm(`${prefix}norm`)
      : [
          ...norm(kind === 'video' ? 'fc_norm' : 'norm'),
          ['head.0.running_mean', [D]],
          ['head.0.running_var', [D]],
          ['head.0.num_batches_tracked', []],
          ['head.1.weight', [174, D]],
          ['head.1.bias', [174]],
        ];
  return specsOf([
    ...(kind === 'image'
      ? ([
          ['cls_token', [1, 1, D]],
          ['pos_embed', [1, 197, D]],
        ] as [string, number[]][])
      : []),
    [`${prefix}patch_embed.proj.weight`, kind === 'video' ? [D, 3, 2, 16, 16] : [D, 3, 16, 16]],
    [`${prefix}patch_embed.proj.bias`, [D]],
    ...range(12).flatMap(block),
    ...behind,
    ...(prompts === undefined ? [] : range(12).map((i): [string, number[]] => [`embeddings.${i}`, [1, prompts, D]])),
  ]);
}
