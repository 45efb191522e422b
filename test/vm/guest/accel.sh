# shellcheck shell=bash
# Sourced. KVM where it really works, else QEMU's own emulation: about ten times slower, and good enough.

# guest_accel CACHE KERNEL INITRD - prints QEMU's options for the fastest way that boots. /dev/kvm may be there and
# openable and yet never run a guest (nested virtualisation), so it is tried once per host kernel and remembered.
guest_accel() {
  local verdict
  verdict=$1/accel-$(uname -r)
  if [[ ! -e $verdict ]]; then
    if [[ -w /dev/kvm ]] && boots_with_kvm "$2" "$3"; then echo kvm > "$verdict"; else echo tcg > "$verdict"; fi
  fi
  case $(cat "$verdict") in
    kvm) echo -accel kvm -cpu host ;;
    *) echo -accel tcg,thread=multi -cpu max ;;
  esac
}

boots_with_kvm() {
  timeout -k 1 10 qemu-system-x86_64 -M q35 -accel kvm -cpu host -m 256 -display none -nic none -no-reboot \
    -kernel "$1" -initrd "$2" -append 'panic=-1 memsched.guest=probe' > /dev/null 2>&1
}
