#!/usr/bin/env bash
# Installs what the tests need beyond npm's packages, from the distribution: QEMU for the guests, GNU parallel to compare
# with, Chromium to look at reports. Without root it says what is missing and how to install it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=../test/vm/guest/tools.sh
source test/vm/guest/tools.sh
need_packages qemu-system-x86_64:qemu-system-x86 busybox:busybox-static modprobe:kmod cpio:cpio parallel:parallel \
  chromium:chromium
# Without a font Chromium draws no text.
need_debs fonts-dejavu-core
# The user's session that a guest under systemd shows comes from these.
need_debs dbus-user-session libpam-systemd systemd-sysv
