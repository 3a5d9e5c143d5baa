/**
 * The wheels that set-up takes things from, pinned by name and SHA-256 as PyPI lists them. Only their plain files are
 * used, so that the Python version in a name does not matter.
 *
 * TensorFlow 2.21.0 is built for CUDA 12.5 and cuDNN 9.3 or later (its `and-cuda` extra); the CUDA libraries below are
 * those of CUDA 12.9.1, with cuDNN 9.10.2. They have not been run on a card yet.
 */

export interface Wheel {
  readonly project: string;
  readonly name: string;
  readonly sha256: string;
  /** Of the wheel itself. */
  readonly bytes: number;
  /** Of what is taken out of it, for the check of free space. */
  readonly unpacked: number;
}

export type Platform = `${NodeJS.Platform}-${string}`;

/** `linux-x64` and so on. */
export const thisPlatform: Platform = `${process.platform}-${process.arch}`;

export const TENSORFLOW_VERSION = '2.21.0';

const wheel = (project: string, name: string, sha256: string, bytes: number, unpacked: number): Wheel => ({
  project,
  name,
  sha256,
  bytes,
  unpacked,
});

export const TENSORFLOW_CPU: Readonly<Partial<Record<Platform, Wheel>>> = {
  'linux-x64': wheel(
    'tensorflow-cpu',
    'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
    '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    273_829_956,
    854_000_000,
  ),
  'linux-arm64': wheel(
    'tensorflow',
    'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_aarch64.whl',
    '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    281_828_020,
    884_000_000,
  ),
  'darwin-arm64': wheel(
    'tensorflow',
    'tensorflow-2.21.0-cp311-cp311-macosx_12_0_arm64.whl',
    '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
    223_405_849,
    741_000_000,
  ),
};

/** The first is TensorFlow, the others bring the libraries it opens at run time. 3.3 GB in all. */
export const TENSORFLOW_CUDA: Readonly<Partial<Record<Platform, readonly Wheel[]>>> = {
  'linux-x64': [
    wheel(
      'tensorflow',
      'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
      '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      572_440_367,
      1_260_000_000,
    ),
    wheel(
      'nvidia-cublas-cu12',
      'nvidia_cublas_cu12-12.9.1.4-py3-none-manylinux_2_27_x86_64.whl',
      '453611eb21a7c1f2c2156ed9f3a45b691deda0440ec550860290dc901af5b4c2',
      581_242_350,
      855_100_704,
    ),
    wheel(
      'nvidia-cuda-cupti-cu12',
      'nvidia_cuda_cupti_cu12-12.9.79-py3-none-manylinux_2_25_x86_64.whl',
      '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
      10_814_997,
      43_365_768,
    ),
    wheel(
      'nvidia-cuda-nvcc-cu12',
      'nvidia_cuda_nvcc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
      40_546_229,
      35_417_224,
    ),
    wheel(
      'nvidia-cuda-nvrtc-cu12',
      'nvidia_cuda_nvrtc_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
      89_568_129,
      227_340_992,
    ),
    wheel(
      'nvidia-cuda-runtime-cu12',
      'nvidia_cuda_runtime_cu12-12.9.79-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
      3_493_179,
      741_088,
    ),
    wheel(
      'nvidia-cudnn-cu12',
      'nvidia_cudnn_cu12-9.10.2.21-py3-none-manylinux_2_27_x86_64.whl',
      '949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8',
      706_758_467,
      1_053_232_960,
    ),
    wheel(
      'nvidia-cufft-cu12',
      'nvidia_cufft_cu12-11.4.1.4-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
      200_877_592,
      293_609_416,
    ),
    wheel(
      'nvidia-curand-cu12',
      'nvidia_curand_cu12-10.3.10.19-py3-none-manylinux_2_27_x86_64.whl',
      '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
      68_295_626,
      166_965_432,
    ),
    wheel(
      'nvidia-cusolver-cu12',
      'nvidia_cusolver_cu12-11.7.5.82-py3-none-manylinux_2_27_x86_64.whl',
      '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
      338_117_415,
      494_975_064,
    ),
    wheel(
      'nvidia-cusparse-cu12',
      'nvidia_cusparse_cu12-12.5.10.65-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
      366_465_088,
      486_556_368,
    ),
    wheel(
      'nvidia-nccl-cu12',
      'nvidia_nccl_cu12-2.27.7-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      'de5ba5562f08029a19cb1cd659404b18411ed0d6c90ac5f52f30bf99ad5809aa',
      322_546_339,
      430_126_192,
    ),
    wheel(
      'nvidia-nvjitlink-cu12',
      'nvidia_nvjitlink_cu12-12.9.86-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
      39_748_338,
      95_935_344,
    ),
  ],
};

/**
 * 0.7.0 is the last imageio-ffmpeg whose Linux binary is fully static (ffmpeg 7.0.2, 80 MB): it runs on any
 * distribution and decodes a short clip in 24 ms where the one of 0.8.1 (ffmpeg 9.0.2, 173 MB, needs glibc 2.28)
 * takes 36 ms, because it starts faster.
 */
export const IMAGEIO_FFMPEG_VERSION = '0.7.0';

export const IMAGEIO_FFMPEG: Readonly<Partial<Record<Platform, Wheel>>> = {
  'linux-x64': wheel(
    'imageio-ffmpeg',
    'imageio_ffmpeg-0.7.0-py3-none-manylinux2014_x86_64.whl',
    '4e1f36bef7bedd4bc5dc25f60a8345d88f57133fa1e754f09b411ac61b854408',
    29_498_414,
    79_826_272,
  ),
  'linux-arm64': wheel(
    'imageio-ffmpeg',
    'imageio_ffmpeg-0.7.0-py3-none-manylinux2014_aarch64.whl',
    '588a23c6a1c55a7cb51febfe97d3ef8dd5e7fa0ef7e14c7da8828e2886bdd3a3',
    25_632_882,
    51_134_160,
  ),
  'darwin-arm64': wheel(
    'imageio-ffmpeg',
    'imageio_ffmpeg-0.7.0-py3-none-macosx_11_0_arm64.whl',
    '5cb5c37d3c19aa8e7cd95b9f4833e6a3d9fd33e4b1d126a42995b14aef9fef02',
    21_114_068,
    49_368_728,
  ),
  'darwin-x64': wheel(
    'imageio-ffmpeg',
    'imageio_ffmpeg-0.7.0-py3-none-macosx_10_9_intel.macosx_10_9_x86_64.whl',
    'fafa399433b571e8963471487cd7a7bb3ee7b532af42e6342145add6379f479b',
    24_933_149,
    75_991_688,
  ),
  'win32-x64': wheel(
    'imageio-ffmpeg',
    'imageio_ffmpeg-0.7.0-py3-none-win_amd64.whl',
    '7a22b45f60321d4172bdf2bc61f716bce4c81b85727bd59c7c7e371055a6a440',
    31_247_004,
    87_638_016,
  ),
};

/** A C++ compiler for machines that have none; removed again after its one use. */
export const ZIG: Readonly<Partial<Record<Platform, Wheel>>> = {
  'linux-x64': wheel(
    'ziglang',
    'ziglang-0.16.0-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl',
    '9fcda73f62b851dd72a54b710ad40a209896db14cfb13649e62191243556342b',
    97_941_847,
    390_000_000,
  ),
  'linux-arm64': wheel(
    'ziglang',
    'ziglang-0.16.0-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl',
    'e27d409812b11e0fb89ed0200cf2e55b6464d43f9461553104e4a4f9a94a1fd5',
    95_008_112,
    390_000_000,
  ),
};
