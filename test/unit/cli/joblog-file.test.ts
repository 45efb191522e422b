import { describe, expect, it } from 'vitest';
import { JoblogFile } from '../../../src/cli/joblog-file.js';

/** A joblog on a disk that has so much room left, and what was said of it. */
function onDisk(room: number) {
  const disk = { room, text: '', isClosed: false };
  const warnings: string[] = [];
  const joblog = new JoblogFile(
    {
      path: 'jobs.log',
      write(bytes) {
        if (disk.room === 0)
          throw Object.assign(new Error('write'), { code: 'ENOSPC', syscall: 'write' });
        const taken = Math.min(disk.room, bytes.length);
        disk.room -= taken;
        disk.text += bytes.toString('utf8', 0, taken);
        return taken;
      },
      close: () => {
        disk.isClosed = true;
      },
    },
    (sentence) => warnings.push(sentence),
  );
  return { disk, warnings, joblog };
}

describe('a joblog on a full disk', () => {
  it('is written on from where it broke off as soon as there is room, and told of once', () => {
    const { disk, warnings, joblog } = onDisk(5);
    for (const line of ['one\n', 'two\n', 'three\n']) joblog.write(line);
    expect(disk.text).toBe('one\nt');
    disk.room = 100;
    joblog.write('four\n');
    expect(disk.text).toBe('one\ntwo\nthree\nfour\n');
    disk.room = 0;
    joblog.write('five\n');
    disk.room = 100;
    joblog.close();
    expect(disk).toMatchObject({ text: 'one\ntwo\nthree\nfour\nfive\n', isClosed: true });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^--joblog jobs.log cannot be written: no space left .*; the run goes on/,
      ),
    ]);
  });

  it('that stays full lacks lines, and says how many in the end', () => {
    const { disk, warnings, joblog } = onDisk(4);
    for (const line of ['one\n', 'two\n', 'three\n']) joblog.write(line);
    joblog.close();
    expect(disk).toMatchObject({ text: 'one\n', isClosed: true });
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/^--joblog jobs.log lacks 2 lines: no space left/);
  });

  it('holds so much and no more', () => {
    const { disk, warnings, joblog } = onDisk(0);
    const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    for (let at = 0; at < 20; at += 1) joblog.write(line);
    disk.room = 100 * 1024 * 1024;
    joblog.close();
    expect(disk.text).toHaveLength(16 * 1024 * 1024);
    expect(warnings[1]).toContain('lacks 4 lines');
  });
});
