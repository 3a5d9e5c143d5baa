/** How long the server waits for others. */

/** Milliseconds. */
export interface Patience {
  /** An upload without a byte. */
  readonly idle: number;
  /** A whole upload. */
  readonly upload: number;
  /** From the upload's end to the answer, waiting for its turn not counted. */
  readonly answer: number;
}

export const PATIENCE: Patience = { idle: 15_000, upload: 300_000, answer: 120_000 };
