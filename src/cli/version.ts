import about from '../../package.json' with { type: 'json' };

/** This package's version, as it was when it was built. */
export function ownVersion(): string {
  return about.version;
}
