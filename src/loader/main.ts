import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ChunkLoader } from './chunk-loader.js';
import { openCodeCache } from './code-cache.js';

/** In longer runs V8 has dropped the code of what was called only in the beginning. */
const RUN_MAX_SECONDS = 10;

const chunksDir = dirname(fileURLToPath(import.meta.url));
const cache = openCodeCache({ env: process.env, command: process.argv[2], chunksDir });
const loader = new ChunkLoader(chunksDir, cache.read());

// Only who came to a good end has compiled what is needed for that.
process.once('exit', (exitCode) => {
  if (loader.hasNew && exitCode === 0 && process.uptime() < RUN_MAX_SECONDS)
    cache.write(loader.code());
});

loader.require('./main.cjs');
