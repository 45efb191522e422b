import { checkSeeds } from './check-seeds.js';

checkSeeds(1, 2);
