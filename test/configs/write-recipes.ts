/** `npm run recipes`: writes configs/vtab1k from the table of the papers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { vtabRecipes } from './vtab1k-recipes.ts';

for (const [file, text] of vtabRecipes()) {
  const place = path.join('configs', 'vtab1k', file);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, text);
}
