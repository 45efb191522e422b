#!/usr/bin/env bash
# boot.sh [-m MB] [-c CPUS] [-s SWAP_MB] [-t SECONDS] [-i bare|systemd] [-a OPTIONS] [-o DIR] -- COMMAND...
#
# Runs COMMAND as root, in the current folder, in a throw-away QEMU guest: Debian's kernel, pure cgroup v2, PSI on.
#   -i bare      cgroup2 at /sys/fs/cgroup and no init system (default)
#   -i systemd   systemd as PID 1: sessions, user managers, delegation
#   -a OPTIONS   more for the kernel's command line; memsched.cgroups=v1 has the bare guest mount cgroup v1 instead
#   -o DIR       what the command writes to /vmout comes back here (default: a folder that is removed afterwards)
# Output is shown as it comes; the exit status is the command's, 124 after a timeout, 125 when the guest died.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools.sh
source "$here/tools.sh"
# shellcheck source=kernel.sh
source "$here/kernel.sh"
# shellcheck source=accel.sh
source "$here/accel.sh"

memory=2048 cpus=2 swap=0 seconds=600 flavour=bare append= out=
while getopts m:c:s:t:i:a:o: option; do
  case $option in
    m) memory=$OPTARG ;;
    c) cpus=$OPTARG ;;
    s) swap=$OPTARG ;;
    t) seconds=$OPTARG ;;
    i) flavour=$OPTARG ;;
    a) append=$OPTARG ;;
    o) out=$OPTARG ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
if (($# == 0)); then echo 'boot.sh: no command; usage: boot.sh [options] -- COMMAND...' >&2; exit 2; fi

need_packages qemu-system-x86_64:qemu-system-x86 busybox:busybox-static modprobe:kmod cpio:cpio
if [[ $flavour == systemd ]]; then need_debs dbus-user-session libpam-systemd systemd-sysv; fi

scratch=$(mktemp -d)
children=()
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  local child
  for child in "${children[@]}"; do kill "$child" 2> /dev/null || true; done
  wait
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

cache=${MEMSCHED_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/memsched-guest}
guest_kernel "$cache"
kernel=$(echo "$cache"/kernel/boot/vmlinuz-*)
guest_initrd "$cache" "$here" "$scratch/initrd"
read -ra accel <<< "$(guest_accel "$cache" "$kernel" "$scratch/initrd")"

if [[ -t 1 ]]; then colour=FORCE_COLOR=1; else colour=NO_COLOR=1; fi
out=${out:-$scratch/vmout}
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out"/{status,output}
: > "$out/output"
{
  printf 'export PATH=%q HOME=/root TERM=dumb CI=%q MEMSCHED_GUEST=%q %s\n' "$PATH" "${CI:-}" "$flavour" "$colour"
  printf '(cd %q &&' "$PWD"
  printf ' %q' "$@"
  printf ' ) > /vmout/output 2>&1\n'
  printf 'echo $? > /vmout/status\ndmesg > /vmout/dmesg\nsync\n'
} > "$out/command"

drives=()
if ((swap > 0)); then
  truncate -s "${swap}M" "$scratch/swap"
  drives=(-drive "file=$scratch/swap,if=virtio,format=raw")
fi
# no_timer_check: on a busy host the emulated timer may seem not to work, and the kernel gives up.
timeout -k 5 "$seconds" qemu-system-x86_64 -M q35 "${accel[@]}" -smp "$cpus" -m "$memory" \
  -display none -nic none -no-reboot -serial "file:$scratch/console" \
  -kernel "$kernel" -initrd "$scratch/initrd" \
  -append "console=ttyS0 panic=-1 psi=1 quiet no_timer_check memsched.guest=$flavour $append" \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -virtfs "local,path=$out,mount_tag=out,security_model=none" \
  "${drives[@]}" > "$scratch/qemu" 2>&1 &
guest=$!
children+=("$guest")
tail -n +1 -s 0.2 -f --pid="$guest" "$out/output" &
children+=("$!")

ended=0
wait "$guest" || ended=$?
wait
children=()
if [[ -s $out/status ]]; then exit "$(cat "$out/status")"; fi
if ((ended == 124)); then
  echo "guest: not finished after $seconds s" >&2
else
  echo "guest: ended without a result (qemu: $ended)" >&2
fi
tail -n 20 "$scratch/qemu" "$scratch/console" >&2 || true
if ((ended == 124)); then exit 124; else exit 125; fi
