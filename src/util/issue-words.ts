/** What the schema library says of a value, as one says it to the user. */
export function issueWords(message: string): string {
  return message
    .replace(/^Invalid input: /, '')
    .replace(/, received undefined$/, ', and it is missing');
}
