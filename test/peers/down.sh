#!/usr/bin/env bash
# Ends what the up-*.sh started, by recorded pid, and only if the process still is the one that was started.
# down.sh [NAME...] ends some; down.sh --wipe removes their state, too, and keeps what was downloaded.
. "$(dirname "$0")/_lib.sh"
wipe=0
if [ "${1:-}" = --wipe ]; then wipe=1; shift; fi
if [ $# -gt 0 ]; then
  for name in "$@"; do stop "$name"; done
  exit 0
fi
names=$(ls -t "$RUN"/*.pid 2>/dev/null | xargs -r -n 1 basename -s .pid || true)
# Together: each takes seconds to end.
for name in $names; do case $name in rabbit | epmd | postgres | keystone) ;; *) stop "$name" & ;; esac; done
wait
for name in keystone rabbit epmd postgres; do stop "$name"; done
if [ $wipe = 1 ]; then
  rm -rf "$PEERS_DIR"/{rabbit,keystone,pg,nova,placement,glance,heat,neutron,ironic,ostro,plugins,etc,run,log,env}
  say "state removed"
fi
