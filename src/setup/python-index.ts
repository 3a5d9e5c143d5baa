/**
 * The simple repository API of Python package indexes: HTML (PEP 503) and JSON (PEP 691). Which of the two came is
 * told by the body, because mirrors are seen to label one as the other.
 */
import { environmentError } from '../errors/index.ts';
import { get, type Retrying, reasonOf, retrying, Temporary, withoutCredentials } from './http.ts';

export interface IndexedFile {
  readonly name: string;
  readonly url: string;
  /** What the index says; undefined when it says nothing. */
  readonly sha256: string | undefined;
}

/** An index address split into what is asked for and who asks: `fetch` takes no address with a password in it. */
export interface Index {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** @param address as in `PIP_INDEX_URL`, e.g. `https://pypi.org/simple`, with or without a slash at the end */
export function parseIndex(address: string): Index {
  let url: URL;
  try {
    url = new URL(address.endsWith('/') ? address : `${address}/`);
  } catch (cause) {
    throw environmentError(`the package index is not an address: '${address}'`, { remedy: REMEDY, cause });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw environmentError(`the package index must be http or https, not '${url.protocol}'`, { remedy: REMEDY });
  }
  const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  const headers: Record<string, string> =
    login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
  return { url: url.href, headers };
}

const REMEDY = 'set PIP_INDEX_URL to the address of a package index, such as https://pypi.org/simple';

/** The login for `url`: only where it leads to the index's own host, never to a host that a page names. */
export function headersFor(index: Index, url: string): Readonly<Record<string, string>> {
  return new URL(url).origin === new URL(index.url).origin ? index.headers : {};
}

/**
 * Finds one file of a project.
 *
 * @throws environment error when the index cannot be reached, does not have the file, or has another file of that name
 */
export async function findFile(
  index: Index,
  project: string,
  name: string,
  sha256: string,
  options: Retrying,
): Promise<IndexedFile> {
  const url = new URL(`${normalized(project)}/`, index.url).href;
  const page = await retrying(url, options, async () => {
    const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.1';
    const response = await get(url, { accept, ...index.headers }, options.signal);
    const text = await response.text().catch((cause: unknown) => {
      options.signal.throwIfAborted();
      throw new Temporary(reasonOf(cause), { cause });
    });
    return { text, url: response.url };
  });
  const file = filesOf(page).find((candidate) => candidate.name === name);
  if (file === undefined) {
    throw environmentError(`the package index has no file ${name}`, { at: withoutCredentials(url), remedy: REMEDY });
  }
  if (file.sha256 !== undefined && file.sha256 !== sha256) {
    throw environmentError(
      `the package index offers another file as ${name}\n  expected SHA-256 ${sha256}\n  offered  SHA-256 ${file.sha256}`,
      { at: withoutCredentials(url), remedy: REMEDY },
    );
  }
  return file;
}

function filesOf(page: { readonly text: string; readonly url: string }): IndexedFile[] {
  try {
    return parsePage(page.text, page.url);
  } catch (cause) {
    const at = withoutCredentials(page.url);
    throw environmentError('the package index answers with a page that cannot be read', { at, remedy: REMEDY, cause });
  }
}

/** The files of a project's page. `pageUrl` is what relative addresses are relative to. */
export function parsePage(text: string, pageUrl: string): IndexedFile[] {
  return text.trimStart().startsWith('{') ? parseJson(text, pageUrl) : parseHtml(text, pageUrl);
}

function parseJson(text: string, pageUrl: string): IndexedFile[] {
  const page = JSON.parse(text) as { files?: { filename: string; url: string; hashes?: { sha256?: string } }[] };
  return (page.files ?? []).map(({ filename, url, hashes }) => ({
    name: filename,
    url: new URL(url, pageUrl).href,
    sha256: hashes?.sha256,
  }));
}

function parseHtml(text: string, pageUrl: string): IndexedFile[] {
  const base = /<base\s[^>]*href\s*=\s*["']([^"']*)["']/i.exec(text)?.[1];
  const root = base === undefined ? pageUrl : new URL(unescaped(base), pageUrl).href;
  const files: IndexedFile[] = [];
  for (const [, href = ''] of text.matchAll(/<a\s[^>]*?href\s*=\s*["']([^"']*)["']/gi)) {
    const url = new URL(unescaped(href), root);
    const sha256 = /(?:^#|&)sha256=([0-9a-f]{64})/i.exec(url.hash)?.[1]?.toLowerCase();
    url.hash = '';
    // The address ends in the file's name; the text between the tags is only for people.
    const name = decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
    files.push({ name, url: url.href, sha256 });
  }
  return files;
}

function unescaped(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

/** PEP 503: runs of `-`, `_` and `.` are one `-`. */
function normalized(project: string): string {
  return project.toLowerCase().replace(/[-_.]+/g, '-');
}
