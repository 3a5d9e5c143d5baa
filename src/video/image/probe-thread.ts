/** The far side of `probe.ts`. */
import { serveTasks } from '../threads.ts';
import { readFacts } from './read-facts.ts';

serveTasks((file: string) => readFacts(file));
