/** Where the server listens: why it cannot, and who else may then reach it. */
import { createServer, type Server } from 'node:http';
import { codeOf, environmentError, messageOf } from '../errors/index.ts';
import { isLoopback } from './guard.ts';

/** `http://127.0.0.1:8420` */
export function originOf(host: string, port: number): string {
  const name = host.includes(':') ? `[${host.replace(/^\[|\]$/g, '')}]` : host;
  return `http://${name}:${port}`;
}

/** @throws PetlVideoError (environment) where it cannot listen there */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, host, port)));
    server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
  });
}

/**
 * Tries whether it could listen there, before a run is loaded in vain.
 * @throws PetlVideoError (environment) where it cannot
 */
export async function checkAddress(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

function cannotListen(error: Error, host: string, port: number): Error {
  const at = `${host}:${port}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return environmentError(`port ${port} is taken by another program`, {
        at,
        remedy: 'choose another with --port, or --port 0 for any that is free',
        cause: error,
      });
    case 'EACCES':
      return environmentError(`port ${port} is not for ordinary users`, {
        at,
        remedy: 'choose one above 1023 with --port',
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return environmentError(`${host} is no address of this machine`, {
        at,
        remedy: 'leave --host out, or give 0.0.0.0 for all of its addresses',
        cause: error,
      });
    default:
      return environmentError(`the server cannot listen: ${messageOf(error)}`, { at, cause: error });
  }
}

/** A word of warning for a server that others reach; undefined where none does. */
export function exposure(host: string): string | undefined {
  if (isLoopback(host)) return undefined;
  return `--host ${host}: everybody who reaches this machine may use the server, without a password and unencrypted`;
}
