#!/usr/bin/env bash
# as-user.sh COMMAND... - runs COMMAND in the current folder as an ordinary user who has logged in: a session and a user
# manager, no rights beyond that. Only for the systemd guest: it makes the user, and opens the path to the checkout,
# which changes nothing but the guest's own overlay.
set -euo pipefail
user=tester

useradd --create-home --shell /bin/bash "$user"
open_path() {
  local folder=$1
  while [[ $folder != / ]]; do
    chmod a+rx "$folder"
    folder=$(dirname "$folder")
  done
}
open_path "$PWD"
open_path "$(dirname "$(readlink -f "$(command -v node)")")"
# vitest keeps its own files there.
install -d -o "$user" node_modules/.vite-temp node_modules/.vite

{
  export -p
  printf 'unset XDG_CACHE_HOME; cd %q && exec' "$PWD"
  printf ' %q' "$@"
} | grep -vE '^declare -x (HOME|LOGNAME|USER|SHELL|OLDPWD|XDG_RUNTIME_DIR|DBUS_[A-Z_]*|XDG_SESSION[A-Z_]*)=' > /tmp/as-user
loginctl enable-linger "$user"
exec su --login "$user" --command 'source /tmp/as-user'
