import { sizeOf } from '../tensor/host.ts';
import { countParameters, type ParameterSpec } from '../tensor/parameters.ts';
import type { Classifier } from './classifier.ts';

export interface ParameterReport {
  readonly trained: number;
  readonly total: number;
  /** Trained parameters by kind (`adaptmlp`, `prompts`, `head`, …), largest first. */
  readonly parts: readonly { readonly part: string; readonly count: number }[];
}

export function parameterReport(model: Classifier): ParameterReport {
  const counts = new Map<string, number>();
  for (const spec of model.trained) {
    const part = partOf(spec);
    counts.set(part, (counts.get(part) ?? 0) + sizeOf(spec.shape));
  }
  const trained = countParameters(model.trained);
  return {
    trained,
    total: trained + countParameters(model.frozen),
    parts: [...counts].map(([part, count]) => ({ part, count })).sort((a, b) => b.count - a.count),
  };
}

/** `trained 1,230,387 of 87,457,587 parameters (1.41 %): adaptmlp 1,189,632, head 39,219, fc_norm 1,536`. */
export function parameterText({ trained, total, parts }: ParameterReport): string {
  const number = (count: number): string => count.toLocaleString('en-US');
  const list = parts.map(({ part, count }) => `${part} ${number(count)}`).join(', ');
  return `trained ${number(trained)} of ${number(total)} parameters (${((100 * trained) / total).toFixed(2)} %): ${list}`;
}

/** `blocks.3.adaptmlp.down.weight` → `adaptmlp`; `fc_norm.bias` → `fc_norm`. */
function partOf({ name }: ParameterSpec): string {
  const words = name.split('.');
  return (words[0] === 'blocks' ? words[2] : words[0]) as string;
}
