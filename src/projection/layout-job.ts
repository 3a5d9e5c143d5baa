import type { Team } from './team.ts';

export interface LayoutJob {
  readonly kind: 'layout';
}
export function layOut(_memory: SharedArrayBuffer, _team: Team, _job: LayoutJob): void {}
