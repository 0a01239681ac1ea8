#!/usr/bin/env bash
# The tests of the plugins, with Debian's Python: those of Nova's and Heat's side only where python3-nova and python3-heat are.
# What else they need is installed if it can be.
set -euo pipefail
cd "$(dirname "$0")"
needed=(python3-pytest python3-requests python3-oslo.config python3-oslo.log python3-keystoneauth1)
there() { /usr/bin/python3 -c 'import pytest, requests, oslo_config, oslo_log, keystoneauth1' 2>/dev/null; }
if ! there && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -q >/dev/null || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${needed[@]}" >/dev/null || true
fi
if ! there; then
  echo "skipped: the tests of openstack/ need Debian's ${needed[*]}"
  exit 0
fi
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider -W ignore -rs "$@"
