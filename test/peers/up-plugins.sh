#!/usr/bin/env bash
# Installs the Python package of this repository (openstack/) where nova-scheduler and heat-engine find it.
. "$(dirname "$0")/_lib.sh"
need_pkgs python3-pip python3-setuptools python3-wheel
sum=$(cd "$REPOSITORY/openstack" && find . -type f \( -name '*.py' -o -name '*.toml' \) -print0 | sort -z | xargs -0 sha256sum | sha256sum)
[ -e "$PLUGINS/.sum" ] && [ "$sum" = "$(cat "$PLUGINS/.sum")" ] && exit 0
# pip builds in place; the repository stays as it is.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r "$REPOSITORY/openstack/." "$copy"
rm -rf "$PLUGINS"
/usr/bin/python3 -m pip install --quiet --no-deps --no-build-isolation --no-index --target "$PLUGINS" "$copy" >"$LOG/plugins.log" 2>&1 || { cat "$LOG/plugins.log"; exit 1; }
echo "$sum" >"$PLUGINS/.sum"
stop nova-scheduler
stop heat-engine
say "plugins installed"
