/** Profiles that cannot be read, written or found as asked: names the file, and what to do about it. */
export class ProfileError extends Error {
  override readonly name = 'ProfileError';
}
