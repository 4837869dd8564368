// Fails when the files of the entry page together are larger than the budget, in bytes after gzip.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 180 * 1024;
const built = new URL('../../python/isthmus/control/static/', import.meta.url);
const page = readFileSync(new URL('index.html', built), 'utf8');
const files = [...page.matchAll(/(?:src|href)="\/console\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
const size = files.reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, built))).length, 0);
console.log(`entry: ${files.length} files, ${(size / 1024).toFixed(1)} kB of ${BUDGET / 1024} kB`);
if (size > BUDGET) process.exit(1);
