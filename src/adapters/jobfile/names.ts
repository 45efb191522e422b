/** Names of jobs, of concurrency groups and of resources: safe in task ids, file names and option paths. */
export const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]*$/;

/** What {@link NAME} takes, for messages. */
export const NAME_GRAMMAR = 'a name of letters, digits, "_" and "-" that does not begin with "-"';

/** Names of environment variables. */
export const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What {@link ENV_NAME} takes, for messages. */
export const ENV_NAME_GRAMMAR =
  'a name of letters, digits and "_" that does not begin with a digit';

/** Keys of a matrix. */
export const MATRIX_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/** What {@link MATRIX_KEY} takes, for messages. */
export const MATRIX_KEY_GRAMMAR =
  'a name of letters, digits, "_" and "-" that begins with a letter or "_"';

/** The environment variable in which a task finds a value of its matrix: `MATRIX_SAMPLE` for `sample`. */
export function matrixVariable(key: string): string {
  return `MATRIX_${key.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
