/** Where bytes go that are not UTF-8: each becomes half of a surrogate pair, U+DC80 to U+DCFF (PEP 383, "surrogateescape"). */
const ESCAPE = 0xdc00;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text, from which {@link bytesOf} makes the same bytes again: names of files need not be UTF-8. */
export function textOf(bytes: Buffer): string {
  try {
    return strict.decode(bytes);
  } catch {
    return escaped(bytes);
  }
}

function escaped(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceAt(bytes, at);
    if (length === 0) {
      text += String.fromCharCode(ESCAPE + (bytes[at] ?? 0));
      at += 1;
    } else {
      text += bytes.toString('utf8', at, at + length);
      at += length;
    }
  }
  return text;
}

/** Length of the character that begins here; 0 when none does. */
function sequenceAt(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  for (const length of [2, 3, 4]) {
    try {
      if (at + length > bytes.length) return 0;
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {
      continue;
    }
  }
  return 0;
}

/** Whether a text has halves of surrogate pairs in it, as those of {@link textOf} may. */
export function holdsBytes(text: string): boolean {
  return /\p{Cs}/u.test(text);
}

/** The bytes of a text of {@link textOf}, or of any other as UTF-8. */
export function bytesOf(text: string): Buffer {
  if (!holdsBytes(text)) return Buffer.from(text);
  const parts: Buffer[] = [];
  for (const [piece] of text.matchAll(/[\udc80-\udcff]|[^\udc80-\udcff]+|[^]/gu)) {
    const code = piece.charCodeAt(0);
    const isByte = piece.length === 1 && code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff;
    parts.push(isByte ? Buffer.from([code - ESCAPE]) : Buffer.from(piece));
  }
  return Buffer.concat(parts);
}
