/**
 * A whole number with its thousands set apart: `1,500,000`. Not by `toLocaleString`, which reads its tables when it is
 * first called: 10 ms, a tenth of what a short run takes.
 */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
