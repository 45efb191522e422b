import { join } from 'node:path';
import { FileShelf } from './file-shelf.js';
import { FolderShelf } from './folder-shelf.js';
import { ordinaryFile } from './ordinary-file.js';
import { ProfileStore, type StoreOptions } from './profile-store.js';

/** The profiles of this user on this host: `profiles/` of the state folder, made when it is first written to. */
export function openFolderStore(stateDir: string, options: StoreOptions): ProfileStore {
  return new ProfileStore(new FolderShelf(join(stateDir, 'profiles'), Date.now), options);
}

/**
 * The profiles in one portable file, made when it is first written to.
 *
 * @param path - as typed; relative to the current folder.
 * @throws ProfileError when its folder is missing, or it is there and no ordinary file.
 */
export function openFileStore(path: string, options: StoreOptions): ProfileStore {
  return new ProfileStore(new FileShelf(ordinaryFile(path), Date.now), options);
}
