import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { withLock } from '../../../src/adapters/profiles/file-lock.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';

const silent = { warn: (sentence: string) => expect.unreachable(sentence) };

/** Another process that has the file locked, until it is killed. */
async function holder(file: string): Promise<{ kill: () => void }> {
  const script =
    'use Fcntl ":flock"; $| = 1; open my $f, "+>>", $ARGV[0] or die; flock $f, LOCK_EX or die; print "locked\\n"; sleep 1000';
  const child = spawn('perl', ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let said = '';
  child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
  await until('the other process has the lock', () => said.includes('locked'));
  return { kill: () => child.kill('SIGKILL') };
}

describe('a locked file', () => {
  it('is not written to, and its work is not done', async () => {
    const file = join(tempDir(), 'lock');
    await holder(file);
    const done = await withLock(file, { ...silent, waitMaxMs: 300 }, () => 'done');
    expect(done).toEqual({
      ok: false,
      error: `${file} has been locked by another process for 0.3 s`,
    });
  });

  it('is free as soon as its holder is dead, however it died', async () => {
    const file = join(tempDir(), 'lock');
    const other = await holder(file);
    const waiting = withLock(file, silent, () => 'done');
    other.kill();
    expect(await waiting).toEqual({ ok: true, value: 'done' });
  });

  it('is free after the work, also after work that failed', async () => {
    const file = join(tempDir(), 'lock');
    await expect(
      withLock(file, silent, () => {
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await withLock(file, { ...silent, waitMaxMs: 0 }, () => 1)).toEqual({
      ok: true,
      value: 1,
    });
  });

  it('that is replaced while we wait for its lock is not mistaken for the new one', async () => {
    const dir = tempDir();
    const file = join(dir, 'profiles.json');
    const second = await holder(`${file}.new`);
    // Between our opening of the file and our lock on it: nowhere else would it matter.
    const real = process.env['PATH'] ?? '';
    const script = `#!/bin/sh\ntest ! -e "$0.new" || mv "$0.new" "${file}"\nPATH=${real} exec flock "$@"\n`;
    writeFileSync(join(dir, 'flock'), script, { mode: 0o755 });
    renameSync(`${file}.new`, join(dir, 'flock.new'));
    vi.stubEnv('PATH', `${dir}:${real}`);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const done = await withLock(file, { ...silent, waitMaxMs: 300 }, () => 'done');
    expect(done.ok).toBe(false);
    second.kill();
    expect(await withLock(file, silent, () => 'done')).toEqual({ ok: true, value: 'done' });
  });

  it('does its work one after the other', async () => {
    const file = join(tempDir(), 'lock');
    const order: string[] = [];
    const work = (name: string) =>
      withLock(file, silent, () => {
        order.push(`${name} begins`, `${name} ends`);
      });
    await Promise.all(['a', 'b', 'c', 'd'].map(work));
    expect(order).toHaveLength(8);
    for (let at = 0; at < order.length; at += 2)
      expect(order[at + 1]?.slice(0, 1)).toBe(order[at]?.slice(0, 1));
  });
});

describe('without a lock', () => {
  it('the work is done all the same where there is no flock, and that is said', async () => {
    vi.stubEnv('PATH', '/nonexistent');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const said: string[] = [];
    const file = join(tempDir(), 'lock');
    const done = await withLock(file, { warn: (sentence) => said.push(sentence) }, () => 'done');
    expect(done).toEqual({ ok: true, value: 'done' });
    expect(said).toEqual([expect.stringContaining('without a lock: flock cannot be run')]);
  });

  it('a file that cannot be opened is an answer', async () => {
    const file = join(tempDir(), 'missing', 'lock');
    const done = await withLock(file, silent, () => expect.unreachable());
    expect(done.ok ? '' : done.error).toContain('cannot be written: there is no such file');
  });
});
