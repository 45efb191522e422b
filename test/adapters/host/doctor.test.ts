import { describe, expect, it, vi } from 'vitest';
import { doctorCommand } from '../../../src/cli/commands/doctor.js';

async function run(...args: string[]): Promise<string> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk, ...rest) => {
    text += String(chunk);
    // Who prints waits until it is written.
    (rest as readonly unknown[]).findLast(
      (one): one is () => void => typeof one === 'function',
    )?.();
    return true;
  });
  try {
    await doctorCommand().parseAsync(args, { from: 'user' });
  } finally {
    spy.mockRestore();
  }
  return text;
}

describe('memsched doctor', () => {
  it('prints one object with --json', async () => {
    const report = JSON.parse(await run('--json')) as Record<string, unknown>;
    expect(report).toMatchObject({
      tier: expect.stringMatching(/^(cgroup|hybrid|procfs)$/) as string,
      budget: { budgetBytes: expect.any(Number) as number },
    });
    const findings = report['findings'] as readonly Record<string, unknown>[];
    expect(findings.map((finding) => finding['check'])).toEqual(
      expect.arrayContaining([
        'tier',
        'pressure',
        'budget',
        'limits',
        'swap',
        'fill rate',
        'starts',
        'state folder',
        'open files',
      ]),
    );
  });

  it('prints plain lines without a terminal', async () => {
    const text = await run();
    expect(text).toMatch(/^(ok|warn) +tier +(cgroup|hybrid|procfs) tier/m);
    expect(text).toMatch(/Runs are possible, in the (cgroup|hybrid|procfs) tier\.\n$/);
    expect(text.includes('\u001b')).toBe(false);
    expect(text).not.toMatch(/[ \t]$/m);
  });
});
