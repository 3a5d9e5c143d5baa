/** The README's blocks of code, and the commands in them. */
import { readFile } from 'node:fs/promises';

export interface Block {
  /** The heading that it stands under. */
  readonly section: string;
  readonly language: string;
  readonly text: string;
}

export async function readmeBlocks(): Promise<Block[]> {
  const blocks: Block[] = [];
  let section = '';
  let open: { indent: string; language: string; lines: string[] } | undefined;
  for (const line of (await readFile('README.md', 'utf8')).split('\n')) {
    const fence = /^( *)```(\w*)$/.exec(line);
    if (open === undefined && fence !== null) open = { indent: fence[1] ?? '', language: fence[2] ?? '', lines: [] };
    else if (open === undefined) section = /^## (.*)$/.exec(line)?.[1] ?? section;
    else if (fence === null) open.lines.push(line.slice(open.indent.length));
    else {
      blocks.push({ section, language: open.language, text: open.lines.join('\n') });
      open = undefined;
    }
  }
  return blocks;
}

/** The command lines of a block, continued ones joined, without comments. */
export function commandsOf({ text }: Block): string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** What follows `petl-video` in a command line, or behind its pipe; undefined where it calls something else. */
export function wordsOf(command: string): string[] | undefined {
  const called = /(?:^|\| )petl-video (.*)$/.exec(command)?.[1];
  return called?.split(/\s+/);
}
