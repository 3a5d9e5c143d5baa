/** Asking the server, with the progress of the upload, which `fetch` does not tell. */
export interface About {
  readonly weights: string;
  readonly clip: { readonly frames: number; readonly stride: number; readonly size: number };
  readonly limits: { readonly uploadBytes: number };
}

export interface Answer {
  readonly file: string;
  readonly top: readonly { readonly class: string; readonly probability: number }[];
  readonly clip: { readonly frames: number; readonly size: number; readonly height: number; readonly strip: string };
  readonly video: { readonly frames: number; readonly width: number; readonly height: number; readonly fps: number };
  readonly damage?: string;
  readonly views: { readonly segments: number; readonly crops: number };
  readonly seconds: { readonly upload: number; readonly wait: number; readonly decode: number; readonly model: number };
}

/** Why there is no answer. */
export class Refused extends Error {
  readonly remedy: string;

  constructor(what: string, remedy = '') {
    super(what);
    this.remedy = remedy;
  }
}

export interface Asking {
  readonly views: string;
  readonly signal: AbortSignal;
  /** The share of the file that has been sent. */
  onSent(share: number): void;
}

/** @throws Refused; an AbortError where the signal stopped it */
export function ask(file: Blob, name: string, limit: number, { views, signal, onSent }: Asking): Promise<Answer> {
  if (file.size === 0) throw new Refused(`${name} is empty.`, 'Choose another file.');
  if (file.size > limit) {
    throw new Refused(
      `${name} is larger than ${Math.round(limit / 1e6)} MB.`,
      'Cut it shorter, or start the server with a larger --max-upload.',
    );
  }
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const onAbort = (): void => request.abort();
    const end = (act: () => void) => (): void => {
      signal.removeEventListener('abort', onAbort);
      act();
    };
    request.open('POST', `/api/classify?${new URLSearchParams({ name, views, clip: '1' })}`);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => onSent(total === 0 ? 1 : loaded / total);
    request.onload = end(() => {
      const { status, response } = request;
      if (status === 200) resolve(response as Answer);
      else
        reject(
          new Refused(
            sentence(`${name}: ${response?.error?.what ?? `the server answered ${status}`}`),
            sentence(capital(response?.error?.remedy ?? '')),
          ),
        );
    });
    request.onerror = end(() => {
      reject(new Refused('The server does not answer.', 'See whether petl-video serve still runs, then try again.'));
    });
    request.onabort = end(() => reject(new DOMException('stopped', 'AbortError')));
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) request.abort();
    else request.send(file);
  });
}

const sentence = (text: string): string => (text === '' ? '' : `${text}${/[.!?]$/.test(text) ? '' : '.'}`);

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
