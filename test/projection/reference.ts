/**
 * 60 points of five numbers, and what others make of them: scikit-learn 1.9.1, umap-learn 0.5.12, numpy 2.4.6. In Python:
 *
 *     X = np.array([[((i * 7919 + j * 104729 + i * i * 31 * (j + 1)) % 1009) / 64 for j in range(5)] for i in range(60)])
 */
import type { Points } from '../../src/projection/points.ts';
import { type Random, rng } from '../../src/tensor/random.ts';

const [count, width] = [60, 5];

export const POINTS: Points = {
  data: Float32Array.from({ length: count * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width];
    return ((i * 7919 + j * 104729 + i * i * 31 * (j + 1)) % 1009) / 64;
  }),
  count,
  width,
};

/** `sklearn.manifold._utils._binary_search_perplexity(squared distances to 31 neighbours, 10.0, 0)`, some rows. */
export const AFFINITIES: Readonly<Record<number, readonly number[]>> = {
  0: [
    0.3209574, 0.2057894, 0.1618705, 0.02948261, 0.02537932, 0.02379359, 0.01882852, 0.01861993, 0.01837064, 0.01818388,
    0.01757164, 0.01749626, 0.01454934, 0.01330856, 0.012796, 0.01204564, 0.01004811, 0.009784472, 0.007310528,
    0.007290487, 0.006959892, 0.005401985, 0.004676607, 0.004616676, 0.003956807, 0.002594651, 0.001846057, 0.001827183,
    0.001577046, 0.001570337, 0.001495997,
  ],
  7: [
    0.2697221, 0.2094554, 0.1792591, 0.08592735, 0.02305783, 0.02191595, 0.02166075, 0.02145915, 0.02096249, 0.02015825,
    0.01945289, 0.01307275, 0.01232028, 0.01011428, 0.009820306, 0.009596319, 0.008626463, 0.008376671, 0.005862694,
    0.005623406, 0.004091733, 0.003564921, 0.002690084, 0.002317996, 0.002201898, 0.001842316, 0.001742844, 0.00155971,
    0.001507941, 0.001166892, 0.0008692583,
  ],
  59: [
    0.1894844, 0.1599269, 0.1563898, 0.1402315, 0.1324611, 0.04598868, 0.03735405, 0.03337937, 0.02378708, 0.01980807,
    0.01514276, 0.008841058, 0.008446541, 0.005860999, 0.004134934, 0.003774982, 0.002605092, 0.002417038, 0.002158503,
    0.001817268, 0.001592144, 0.001213605, 0.001143097, 0.0007705646, 0.0005816505, 0.0003141061, 0.0001080281,
    0.0001001816, 6.943595e-5, 5.440676e-5, 4.268277e-5,
  ],
};

/** The first four points along the eigenvectors of the covariance (`numpy.linalg.eigh`), largest loading positive. */
export const COMPONENTS = [
  [4.36169139, 0.504769719],
  [3.76456094, -3.30457313],
  [-0.336474123, -0.0172630469],
  [4.89815393, 1.41068221],
];

/** `sklearn.manifold.trustworthiness(X, X[:, :2], n_neighbors=k)`, by k. */
export const TRUST: Readonly<Record<number, number>> = {
  5: 0.7382051282051282,
  12: 0.7717202141900937,
};

/** `compute_membership_strengths` of `umap.umap_` for n_neighbors = 10, the point itself left out; some rows. */
export const STRENGTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1.0, 0.6137289, 0.5137566, 0.2214148, 0.2090906, 0.2040997, 0.1874066, 0.1866629, 0.1857689],
  7: [1.0, 0.6890962, 0.5799159, 0.3174402, 0.151079, 0.1474451, 0.1466244, 0.1459737, 0.1443619],
  59: [1.0, 0.6597152, 0.6254441, 0.484421, 0.4250886, 0.04956567, 0.03405902, 0.02794215, 0.01569439],
};

/** The row of point 0 in the union of the fuzzy set: whom, how strongly. */
export const UNION: readonly (readonly [number, number])[] = [
  [5, 0.3695298],
  [11, 0.363924],
  [18, 0.8277637],
  [24, 0.2179638],
  [25, 0.1874066],
  [35, 0.3533728],
  [41, 0.1866629],
  [45, 0.1857689],
  [46, 1.0],
  [51, 1.0],
];

export function pointsOf(
  count: number,
  width: number,
  value: (i: number, d: number, random: Random) => number,
): Points {
  const random = rng(7, 'test points');
  const data = Float32Array.from({ length: count * width }, (_, at) =>
    value(Math.floor(at / width), at % width, random),
  );
  return { data, count, width };
}

/** `classes` clouds around random centres; point i is of class i mod classes. */
export function clouds(count: number, width: number, classes: number, spread: number): Points {
  const centres = rng(8, 'test centres');
  const all = Float64Array.from({ length: classes * width }, () => centres.normal());
  return pointsOf(
    count,
    width,
    (i, d, random) => (all[(i % classes) * width + d] as number) + spread * random.normal(),
  );
}
