/**
 * What a TypeScript file imports, read from its text: static imports and re-exports (of types too), `import()` as a call
 * and as a type, `require()`, and files that a worker is started from. Relies on the formatter: statements at the line's
 * start, single quotes.
 */

export interface Imported {
  /** As written: `../tensor/tf.ts`, `zod`, `node:path`. */
  readonly specifier: string;
  readonly line: number;
}

const STATEMENT = /^(?:import|export)\b[^;'"`]*?\bfrom\s*'([^'\n]+)'/gm;
const FOR_ITS_EFFECT = /^import\s*'([^'\n]+)'/gm;
const CALL = /\b(?:import|require|require\.resolve)\(\s*'([^'\n]+)'/g;
const WORKER = /\bnew URL\(\s*'([^'\n]+)',\s*import\.meta\.url/g;

/** Comments and strings are told apart by whichever begins first; a comment follows a blank or begins a line. */
const COMMENT_OR_STRING =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<![^\s({[,])(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/)/g;

/** The text with its comments blanked; lines stay where they are. */
export function withoutComments(source: string): string {
  return source.replace(COMMENT_OR_STRING, (text) => (text.startsWith('/') ? text.replace(/[^\n]/g, ' ') : text));
}

export function readImports(source: string): Imported[] {
  const code = withoutComments(source);
  return [STATEMENT, FOR_ITS_EFFECT, CALL, WORKER].flatMap((form) =>
    [...code.matchAll(form)].map((match) => ({ specifier: match[1] as string, line: lineOf(code, match.index) })),
  );
}

/** Lines whose `import()` names no literal: nobody can read where it leads. */
export function computedImports(source: string): number[] {
  const code = withoutComments(source);
  return [...code.matchAll(/\bimport\((?!\s*')/g)].map((match) => lineOf(code, match.index));
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
