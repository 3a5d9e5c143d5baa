/** How many points of a map have a point of their own class (i mod classes) nearest to them, of 1. */
export function shareOfOwnClass(map: Float32Array, classes: number): number {
  const count = map.length / 2;
  let own = 0;
  for (let i = 0; i < count; i++) {
    let [nearest, best] = [i, Number.POSITIVE_INFINITY];
    for (let j = 0; j < count; j++) {
      const dx = (map[2 * i] as number) - (map[2 * j] as number);
      const dy = (map[2 * i + 1] as number) - (map[2 * j + 1] as number);
      const squared = dx * dx + dy * dy;
      if (j !== i && squared < best) [nearest, best] = [j, squared];
    }
    if (nearest % classes === i % classes) own++;
  }
  return own / count;
}
