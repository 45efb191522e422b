# shellcheck shell=bash
# Sourced. The guest's kernel: the distribution's own package, unpacked into a cache and never installed.

# guest_kernel CACHE - unpacks the kernel once; afterwards $CACHE/kernel has boot/vmlinuz-* and lib/modules.
guest_kernel() (
  cache=$1
  [[ -e $cache/kernel/ready ]] && return
  if [[ $(uname -m) != x86_64 ]]; then
    echo "guest: only x86_64 hosts are supported, and this is $(uname -m)" >&2
    return 1
  fi
  mkdir -p "$cache"
  exec 9> "$cache/lock"
  flock 9
  [[ -e $cache/kernel/ready ]] && return
  package=$(kernel_package) || return
  echo "guest: fetching $package" >&2
  new=$(mktemp -d "$cache/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  cd "$new" || return
  apt-get download -q "$package" > log 2>&1 || { cat log >&2; return 1; }
  dpkg -x "$package"_*.deb kernel
  depmod -b kernel "$(ls kernel/lib/modules)"
  : > kernel/ready
  rm -rf "$cache/kernel"
  mv kernel "$cache/kernel"
)

# The package that the distribution's "newest kernel" package stands for.
kernel_package() {
  local package
  package=$(newest_kernel)
  if [[ -z $package ]] && ((EUID == 0)); then
    apt_quietly update
    package=$(newest_kernel)
  fi
  if [[ -z $package ]]; then
    echo "guest: apt knows no package linux-image-amd64; run apt-get update, or use a Debian host" >&2
    return 1
  fi
  echo "$package"
}

newest_kernel() {
  apt-cache depends linux-image-amd64 2> /dev/null | awk '/Depends: linux-image-/ { print $2; exit }'
}

# guest_initrd CACHE SOURCE FILE - an initrd of busybox, our init and the modules it needs.
guest_initrd() (
  cache=$1 source=$2 file=$3
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  mkdir -p "$root"/{bin,modules,dev,proc,sys,lower,upper,root}
  cp "$(command -v busybox)" "$root/bin/busybox"
  install -m 755 "$source/init" "$root/init"
  cp "$source/vmout.service" "$root/"
  version=$(ls "$cache/kernel/lib/modules")
  for module in virtio_pci virtio_blk 9p 9pnet_virtio overlay fuse; do
    modprobe -d "$cache/kernel" -S "$version" -D "$module"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
    cp "$path" "$root/modules/"
    basename "$path" >> "$root/modules/order"
  done
  cd "$root" || return
  find . | cpio -o -H newc --quiet | gzip -1 > "$file"
)
