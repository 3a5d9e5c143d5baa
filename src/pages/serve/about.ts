/** What the server tells of its run: in the page, and at `/api/run`. */
export interface AboutRun {
  /** The folder's name. */
  readonly name: string;
  /** As a person reads it: `AdaptFormer`. */
  readonly method: string;
  /** `ViT 96 wide, 4 deep`. */
  readonly backbone: string;
  /** Label → class name. */
  readonly classes: readonly string[];
  /** `last weights, epoch 10`. */
  readonly weights: string;
  /** The engine and its device. */
  readonly engine: string;
  /** What the model sees: T frames (1: it looks at images), every `stride`-th, `size` pixels high and wide. */
  readonly clip: { readonly frames: number; readonly stride: number; readonly size: number };
  /** Those of the run's evaluation. */
  readonly views: { readonly segments: number; readonly crops: number };
  /** Top-1 that was measured, with its protocol. */
  readonly measured?: { readonly top1: number; readonly protocol: string };
  readonly limits: { readonly uploadBytes: number; readonly top: number };
}
