import { checkSeeds } from './check-seeds.js';

checkSeeds(2, 2);
