/**
 * Natural order: runs of digits compare as numbers, so that clip2 stands before clip10; all else by code unit, so that
 * the order is the same under every locale. Scans without allocating: a Kinetics folder holds 240,000 names.
 */
export function byNaturalOrder(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (isDigit(a, i) && isDigit(b, j)) {
      const [startA, endA] = digitRun(a, i);
      const [startB, endB] = digitRun(b, j);
      // Without leading zeros the longer number is the larger one, however long.
      const difference = endA - startA - (endB - startB) || compare(a.slice(startA, endA), b.slice(startB, endB));
      if (difference !== 0) return difference;
      i = endA;
      j = endB;
    } else {
      const difference = a.charCodeAt(i++) - b.charCodeAt(j++);
      if (difference !== 0) return difference;
    }
  }
  return a.length - i - (b.length - j) || compare(a, b);
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** First significant digit and end of the run of digits at `at`. */
function digitRun(text: string, at: number): [start: number, end: number] {
  let end = at;
  while (isDigit(text, end)) end++;
  let start = at;
  while (start < end - 1 && text[start] === '0') start++;
  return [start, end];
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
