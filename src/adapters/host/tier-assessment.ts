import { existsSync } from 'node:fs';
import { shellWord } from '../../util/shell-word.js';
import type { CgroupMode, OwnCgroup } from './cgroup-survey.js';
import type { Container } from './container.js';
import { isDelegated, scopeCommand, unitOf, type SystemdState } from './systemd.js';

/** Whether a tier can be had, and at what price. */
export type TierState =
  /** As we are: the tree is made in `rootDirectory`. */
  | { readonly kind: 'here'; readonly rootDirectory: string }
  /** By starting ourselves anew under `command`. */
  | { readonly kind: 'relaunch'; readonly command: readonly string[] }
  /** Not before someone types `mend`. */
  | { readonly kind: 'no'; readonly why: string; readonly mend: string };

/** What the assessment rests on. */
export interface TierFacts {
  readonly uid: number;
  readonly mode: CgroupMode;
  readonly own: OwnCgroup | undefined;
  readonly systemd: SystemdState;
  /** We are the relaunched one: there is no second try. */
  readonly relaunched: boolean;
  /** We are a task of another run: leaving its enclosure would be an escape. */
  readonly nested: boolean;
  /** Controllers that a scope of the reachable manager would have. */
  readonly scopeControllers: readonly string[];
  /** Whether systemd delegated the unit that we are in. */
  readonly delegated: boolean;
  readonly container: Container;
  /** The smallest limit above us that would not be above a scope of the manager; bytes, undefined without one. */
  readonly lostLimitBytes: number | undefined;
}

const MEND_MOUNT = 'sudo mount -t cgroup2 none /sys/fs/cgroup';
/** Keeps controllers from cgroup v1; the other option is read by systemd alone. */
const NO_V1 = 'cgroup_no_v1=all';
const BOOT_SYSTEMD_WITH = `systemd.unified_cgroup_hierarchy=1 ${NO_V1}`;
/** How to start a container whose cgroups may be written; podman gives each a cgroup namespace of its own anyway. */
const MEND_CONTAINER: Readonly<Record<Container, string>> = {
  podman: 'podman run --cgroupns=private --security-opt unmask=/sys/fs/cgroup …',
  docker: 'docker run --privileged --cgroupns=private …',
  none: 'docker run --privileged --cgroupns=private …',
};
/** Starts the user's manager at once; `$USER` may be unset where nobody logged in. */
export const MEND_LINGER = 'sudo loginctl enable-linger "$(id -un)"';
const MEND_DELEGATE =
  'sudo mkdir -p /etc/systemd/system/user@.service.d && ' +
  String.raw`printf '[Service]\nDelegate=cpu memory pids\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf` +
  ' && sudo systemctl daemon-reload # then log in again';

/** How to boot with a kernel option from now on. */
export function bootMend(kernelOptions: string): string {
  if (!existsSync('/usr/sbin/update-grub')) {
    return `add "${kernelOptions}" to the kernel's command line in your boot loader and reboot`;
  }
  return (
    `echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${kernelOptions}"'` +
    ' | sudo tee /etc/default/grub.d/memsched.cfg && sudo update-grub && sudo reboot'
  );
}

/** A command as this user has to type it: root needs no sudo, and may not have it. */
export function asUser(uid: number, mend: string): string {
  return uid === 0 ? mend.replaceAll('sudo ', '') : mend;
}

/** The `cgroup` tier: a writable tree with the memory controller. */
export function assessCgroupTier(facts: TierFacts): TierState {
  return forUser(facts, missingController(facts) ?? assessTree(facts, 'memory'));
}

/** The `hybrid` tier: a writable v2 tree, with or without the memory controller. */
export function assessHybridTier(facts: TierFacts): TierState {
  return forUser(facts, assessTree(facts, 'none'));
}

function forUser(facts: TierFacts, state: TierState): TierState {
  return state.kind === 'no' ? { ...state, mend: asUser(facts.uid, state.mend) } : state;
}

function missingController(facts: TierFacts): TierState | undefined {
  if (facts.own === undefined) return noTree(facts);
  if (facts.mode === 'hybrid') {
    return {
      kind: 'no',
      why: 'the memory controller is bound to cgroup v1, beside a cgroup v2 tree without it',
      mend: mendV1(facts),
    };
  }
  return undefined;
}

function noTree(facts: TierFacts): TierState {
  if (facts.mode === 'v1')
    return { kind: 'no', why: 'only cgroup v1 is mounted', mend: mendV1(facts) };
  if (facts.mode === 'none') {
    return { kind: 'no', why: 'no cgroup hierarchy is mounted', mend: MEND_MOUNT };
  }
  return {
    kind: 'no',
    why: 'our own cgroup lies outside of what this container has mounted',
    mend: MEND_CONTAINER[facts.container],
  };
}

function mendV1({ systemd }: TierFacts): string {
  return bootMend(systemd.kind === 'not-booted' ? NO_V1 : BOOT_SYSTEMD_WITH);
}

function assessTree(facts: TierFacts, need: 'memory' | 'none'): TierState {
  const { own, systemd } = facts;
  if (own === undefined) return noTree(facts);
  if (usableHere(facts, own)) {
    const missing = need === 'memory' && !own.controllers.includes('memory');
    return missing ? noController(own) : { kind: 'here', rootDirectory: own.rootDirectory };
  }
  if (!facts.relaunched && !facts.nested && systemd.kind === 'reachable') {
    if (need === 'memory' && !facts.scopeControllers.includes('memory')) {
      return {
        kind: 'no',
        why: 'the user manager has no memory controller to hand on',
        mend: MEND_DELEGATE,
      };
    }
    return { kind: 'relaunch', command: scopeCommand(systemd.manager, facts.lostLimitBytes) };
  }
  return refused(facts, own);
}

/**
 * We may build where we are when the kernel lets us and nobody else manages it. Under systemd a unit's cgroup is its
 * own (single-writer rule, systemd's CGROUP_DELEGATION.md) unless delegated, and then we must be alone in it: the
 * memory controller cannot be handed down while processes of others sit beside the tree (no-internal-process rule).
 */
function usableHere(facts: TierFacts, own: OwnCgroup): boolean {
  if (own.probe.kind !== 'writable') return false;
  if (own.position !== 'inner' || facts.systemd.kind === 'not-booted') return true;
  return facts.relaunched || (facts.delegated && own.otherPids.length === 0);
}

function noController(own: OwnCgroup): TierState {
  const parents = own.position === 'inner' ? own.rootDirectory.replace(/\/[^/]*$/, '') : undefined;
  return {
    kind: 'no',
    why: `the memory controller is not available in ${own.rootDirectory}`,
    mend:
      parents === undefined
        ? bootMend('cgroup_enable=memory')
        : `echo +memory | sudo tee ${parents}/cgroup.subtree_control`,
  };
}

function refused(facts: TierFacts, own: OwnCgroup): TierState {
  const { systemd } = facts;
  if (systemd.kind === 'no-user-manager') {
    return { kind: 'no', why: 'no systemd user manager runs for you', mend: MEND_LINGER };
  }
  if (systemd.kind === 'no-systemd-run') {
    return {
      kind: 'no',
      why: 'systemd-run is not installed',
      mend: 'sudo apt-get install systemd',
    };
  }
  const errno = own.probe.kind === 'refused' ? own.probe.errno : 'not delegated to us';
  return {
    kind: 'no',
    why: `no cgroup can be made in ${own.rootDirectory} (${errno})`,
    mend: mendRefusal(facts, own, errno),
  };
}

function mendRefusal({ container }: TierFacts, own: OwnCgroup, errno: string): string {
  if (container !== 'none' || own.position === 'namespace-root') return MEND_CONTAINER[container];
  if (errno === 'EROFS') return `sudo mount -o remount,bind,rw ${shellWord(own.mountPoint)}`;
  return `sudo chown -R "$(id -u)" ${shellWord(own.rootDirectory)}`;
}

/** Whether systemd, if it manages our cgroup, delegated it; asks only where the answer matters. */
export function askDelegated(own: OwnCgroup | undefined, systemd: SystemdState): boolean {
  if (own === undefined || systemd.kind === 'not-booted') return false;
  if (own.position !== 'inner' || own.probe.kind !== 'writable') return false;
  if (own.otherPids.length > 0) return false;
  const unit = unitOf(own.path);
  return unit !== undefined && isDelegated(unit);
}
