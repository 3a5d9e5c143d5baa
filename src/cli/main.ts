#!/usr/bin/env node
/** The `petl-video` program: parses, runs a command, maps what it throws to an exit code. */
import { runCommandLine } from './command-line.ts';

process.exitCode = await runCommandLine(process.argv.slice(2));
