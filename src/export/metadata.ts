/** `metadata.json`, beside an exported model: what a server must know that the model does not say itself. */

export const METADATA_FILE = 'metadata.json';
const FORMAT = 'petl-video export 1';

/** What the caller knows of the run. */
export interface ExportFacts {
  readonly run: string;
  readonly method: unknown;
  /** `last weights, epoch 90`. */
  readonly weights: string;
  /** Fingerprint of the backbone's weights. */
  readonly backbone: string;
  /** Label → class name. */
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
  /** How its top-1 is measured. */
  readonly protocol: string;
}

/** From a video to the clips that the model takes. */
export interface Preprocessing {
  /** T frames, `stride` frames of the video apart. */
  readonly frames: number;
  readonly stride: number;
  /** The rule that places them in the video. */
  readonly sampling: string;
  /** Side of the square in pixels: the shorter side is scaled to it, and `crops` squares cut along the longer one. */
  readonly size: number;
  /** Short side before the crop, or `squash`: the whole picture whatever its shape. */
  readonly resize?: number | 'squash';
  /** Default bilinear. */
  readonly interpolation?: string;
  /** Clips of a video, whose logits or softmax are averaged. */
  readonly segments: number;
  readonly crops: number;
  readonly mean: 'logits' | 'softmax';
}

/** The comparison that an export passed. */
export interface Check {
  /** The video. */
  readonly clip: string;
  /** Against the run's own session: |a − b| / max(1, |b|), over all outputs. */
  readonly largestDifference: number;
}

export interface ExportShape {
  readonly format: 'savedmodel' | 'onnx';
  readonly batch: number;
  readonly frames: number;
  readonly size: number;
  readonly classes: number;
  readonly width: number;
}

export function metadataText(facts: ExportFacts, shape: ExportShape, check: Check): string {
  const { batch, frames, size, classes, width } = shape;
  const { classes: names, preprocessing, ...rest } = facts;
  const document = {
    format: FORMAT,
    model: shape.format,
    ...rest,
    inputs: {
      clips: {
        dtype: 'uint8',
        shape: [batch, frames, size, size, 3],
        axes: ['batch', 'frames', 'height', 'width', 'RGB'],
        values: '0 to 255; normalisation is inside the model',
      },
    },
    outputs: {
      logits: { dtype: 'float32', shape: [batch, classes] },
      probabilities: { dtype: 'float32', shape: [batch, classes] },
      features: { dtype: 'float32', shape: [batch, width] },
    },
    preprocessing,
    check,
    classes: names,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Whether the text is that of an export, and not of someone else's file of that name. */
export function isMetadata(text: string): boolean {
  return text.startsWith(`{\n  "format": "${FORMAT}"`);
}
