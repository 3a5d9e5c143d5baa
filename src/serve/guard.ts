/**
 * Who may ask. A server that only this machine reaches is still reached by every page that the user's browser opens: by a host
 * name that suddenly stands for 127.0.0.1 (DNS rebinding), and by forms and scripts that post to it from elsewhere (CSRF). The
 * first is told by the Host header, the second by Origin and Sec-Fetch-Site.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Refusal } from './refusal.ts';

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/**
 * @param bound what the server is bound to; where others may reach it, it may have any name
 * @param home its address, for those who are refused
 * @throws Refusal 403
 */
export function checkHost({ host = '' }: IncomingHttpHeaders, bound: string, home: string): void {
  if (!isLoopback(bound)) return;
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d+)?$/.exec(host)?.[1];
  if (name !== undefined && isLoopback(name)) return;
  throw new Refusal(403, 'the server does not go by this name', `open ${home}`);
}

/** @throws Refusal 403 for a request that another site's page sends */
export function checkOrigin(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'] ?? 'same-origin';
  const foreign = origin !== undefined && hostOf(origin) !== host;
  if (foreign || !['same-origin', 'none'].includes(String(site))) {
    throw new Refusal(403, 'pages of other sites may not ask this server', 'use its own page, or a program');
  }
}

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
