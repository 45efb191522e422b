# shellcheck shell=bash
# Sourced. What the guest needs from the host: installed when we may, asked for by name when we may not.

# need_packages COMMAND:PACKAGE... - makes sure that every command is there.
need_packages() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
  done
  install_packages "${missing[@]}"
}

# need_debs PACKAGE... - makes sure that every Debian package is installed.
need_debs() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q '^install ok' || missing+=("$package")
  done
  install_packages "${missing[@]}"
}

install_packages() {
  (($# == 0)) && return
  if ! command -v apt-get > /dev/null; then
    echo "guest: these are missing, and there is no apt-get to fetch them: $*" >&2
    return 1
  fi
  if ((EUID != 0)); then
    echo "guest: these are missing: $*" >&2
    echo "guest: install them with: sudo apt-get install -y $*" >&2
    return 1
  fi
  echo "guest: installing $*" >&2
  apt_quietly update
  apt_quietly install -y --no-install-recommends "$@"
}

# apt-get with its output kept back unless it fails.
apt_quietly() {
  local log
  log=$(mktemp)
  if ! DEBIAN_FRONTEND=noninteractive apt-get -q "$@" > "$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
