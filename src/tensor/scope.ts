/**
 * Where in the model a step is being written. It names the place in errors and lets a compiler tell the blocks apart;
 * what is computed does not depend on it.
 */
const open: string[] = [];

/** Runs `body` inside the part `name`: `blocks.3`. */
export function scope<T>(name: string, body: () => T): T {
  open.push(name);
  try {
    return body();
  } finally {
    open.pop();
  }
}

/** The innermost open part, or empty. */
export function currentScope(): string {
  return open.at(-1) ?? '';
}
