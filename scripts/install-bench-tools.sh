#!/usr/bin/env bash
# Installs what `npm run bench` needs beyond npm's packages, from the distribution: QEMU for the guests, the peers to compare
# with, a compiler for its small programs, and the real programs that it runs. Without root it says what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=../test/vm/guest/tools.sh
source test/vm/guest/tools.sh
need_packages qemu-system-x86_64:qemu-system-x86 busybox:busybox-static modprobe:kmod cpio:cpio parallel:parallel \
  xargs:findutils make:make gcc:gcc g++:g++ xz:xz-utils sort:coreutils python3:python3-minimal
need_debs libc6-dev
