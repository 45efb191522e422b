/** Writes `text` and a newline to stdout, all of it, unless the reader goes away first: that is no error (`… | head`). */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { stdout } = process;
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EPIPE') resolve();
      else reject(error);
    };
    stdout.once('error', onError);
    stdout.write(`${text}\n`, (error) => {
      if (error !== null && error !== undefined) return;
      stdout.off('error', onError);
      resolve();
    });
  });
}
