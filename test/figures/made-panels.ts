/** Panels of points on rings, a ring for each class. */
import type { Panel } from '../../src/figures/panels.ts';

export function rings(videos: number, classes: number, panels: number): Panel[] {
  const labels = Int32Array.from({ length: videos }, (_, i) => i % classes);
  return Array.from({ length: panels }, (_, panel) => {
    const points = new Float32Array(2 * videos);
    for (let i = 0; i < videos; i++) {
      const radius = 1 + (labels[i] as number) + 0.3 * Math.sin(i * (panel + 2));
      points[2 * i] = 7 + radius * Math.cos(i);
      points[2 * i + 1] = -3 + radius * Math.sin(i);
    }
    return { title: `Method ${panel}`, subtitle: `top-1 ${20 + panel}.00 %`, note: '1 view', points, labels };
  });
}
