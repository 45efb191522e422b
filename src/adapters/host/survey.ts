import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { budgetNow, type Budget, type MemoryLevel } from '../../core/budget.js';
import type { BudgetSpec } from '../../core/task-spec.js';
import { surveyCgroups, type CgroupSurvey } from './cgroup-survey.js';
import { findContainer } from './container.js';
import { readCpus } from './cpus.js';
import { KernelFiles, readIfAllowed } from './kernel-file.js';
import { parseMeminfo, type Meminfo } from './meminfo.js';
import { hostLevel, levelReader } from './memory-levels.js';
import { readPidsRoom, type PidsRoom } from './pids-room.js';
import { parsePressure } from './pressure.js';
import { RELAUNCHED_VARIABLE } from './relaunch.js';
import { findSystemd, scopePlace, type SystemdState } from './systemd.js';
import {
  askDelegated,
  assessCgroupTier,
  assessHybridTier,
  type TierState,
} from './tier-assessment.js';

/** Things that kernels gained over time, and we use where they are. */
export interface KernelFeatures {
  /** Kernel 5.14: end a whole tree with one write. */
  readonly cgroupKill: boolean;
  /** Kernel 5.19: the exact peak of a cgroup. */
  readonly memoryPeak: boolean;
  /** Before kernel 5.9 the brake could stall for ever. */
  readonly safeBrake: boolean;
  /** `tasks-only`: the host's own is hidden from us, but cgroups that we make have theirs. */
  readonly psi: 'present' | 'tasks-only' | 'absent';
}

/** A limit found above us. */
export interface NamedLevel extends MemoryLevel {
  readonly directory: string;
}

/** What this host offers, as far as memsched can use it. */
export interface HostSurvey {
  readonly procPath: string;
  readonly uid: number;
  readonly kernelRelease: string;
  readonly cgroups: CgroupSurvey;
  readonly systemd: SystemdState;
  readonly features: KernelFeatures;
  readonly meminfo: Meminfo;
  /** Limited ancestors, nearest first. */
  readonly levels: readonly NamedLevel[];
  /** Processors that tasks may count on; may be a fraction. */
  readonly cpus: number;
  /** How many processes there may be. */
  readonly pids: PidsRoom;
  readonly tiers: { readonly cgroup: TierState; readonly hybrid: TierState };
}

/** Looks at the host: files, one probe cgroup, and at most two questions to systemd. Takes some 10 ms. */
export function surveyHost(procPath = '/proc'): HostSurvey {
  const uid = process.getuid?.() ?? 0;
  const cgroups = surveyCgroups(procPath);
  const systemd = findSystemd(uid);
  const own = cgroups.own;
  const levels = readLevels(cgroups);
  const relaunched = process.env[RELAUNCHED_VARIABLE] !== undefined;
  const facts = {
    uid,
    mode: cgroups.mode,
    own,
    systemd,
    relaunched,
    nested: process.env['MEMSCHED_RUN_ID'] !== undefined,
    scopeControllers: scopeControllers(uid, own?.mountPoint),
    // We asked for that ourselves; and to ask takes as long as all the rest of the survey.
    delegated: relaunched || askDelegated(own, systemd),
    container: findContainer(),
    lostLimitBytes: lostLimitBytes(levels, systemd, uid),
  };
  return {
    procPath,
    uid,
    kernelRelease: release(),
    cgroups,
    systemd,
    features: featuresOf(cgroups, release(), procPath),
    meminfo: parseMeminfo(readIfAllowed(`${procPath}/meminfo`) ?? ''),
    levels,
    cpus: readCpus(cgroups.cpuDirectories),
    pids: readPidsRoom(procPath, cgroups.pidsDirectories, uid),
    tiers: { cgroup: assessCgroupTier(facts), hybrid: assessHybridTier(facts) },
  };
}

/** The budget that this host would give now, before any task runs. */
export function surveyedBudget(survey: HostSurvey, spec: BudgetSpec): Budget {
  return budgetNow(spec, [hostLevel(survey.meminfo), ...survey.levels], 0);
}

/** Whether `release` (`6.1.0-18-amd64`) is at least `major.minor`. */
export function kernelAtLeast(release: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split(/[.-]/).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

function featuresOf(cgroups: CgroupSurvey, release: string, procPath: string): KernelFeatures {
  const probe = cgroups.own?.probe;
  const isWritable = probe?.kind === 'writable';
  return {
    cgroupKill: isWritable ? probe.cgroupKill : kernelAtLeast(release, 5, 14),
    memoryPeak: kernelAtLeast(release, 5, 19),
    safeBrake: kernelAtLeast(release, 5, 9),
    psi: hasPressure(procPath) ? 'present' : isWritable && probe.pressure ? 'tasks-only' : 'absent',
  };
}

function hasPressure(procPath: string): boolean {
  const psi = readIfAllowed(`${procPath}/pressure/memory`);
  return psi !== undefined && parsePressure(psi) !== undefined;
}

function readLevels(cgroups: CgroupSurvey): readonly NamedLevel[] {
  const files = new KernelFiles(0);
  return cgroups.limits.flatMap((source) => {
    const level = levelReader(source, files).read();
    return level === undefined ? [] : [{ ...level, directory: source.directory }];
  });
}

/**
 * The smallest of the limits that leaving for a scope would leave behind: a service's `MemoryMax=`, say.
 *
 * @param levels - limited cgroups above us.
 * @returns undefined when all of them are above scopes, too.
 */
export function lostLimitBytes(
  levels: readonly NamedLevel[],
  systemd: SystemdState,
  uid: number,
): number | undefined {
  if (systemd.kind !== 'reachable') return undefined;
  const place = scopePlace(systemd.manager.kind, uid);
  const lost = levels
    .filter(({ directory }) => /\.(?:slice|scope|service)(?:\/|$)/.test(directory))
    .filter(({ directory }) => !place.some((path) => directory.endsWith(path)));
  return lost.length === 0 ? undefined : Math.min(...lost.map(({ limitBytes }) => limitBytes));
}

/** Controllers of the place where the manager would put a scope of ours. */
function scopeControllers(uid: number, mountPoint: string | undefined): readonly string[] {
  if (mountPoint === undefined) return [];
  const manager = `${mountPoint}/user.slice/user-${uid}.slice/user@${uid}.service`;
  const place = uid !== 0 && existsSync(manager) ? manager : mountPoint;
  return (readIfAllowed(`${place}/cgroup.controllers`) ?? '').trim().split(' ');
}
