#!/bin/sh
# Debian packages the tests use: announced and installed as root, otherwise named exactly.
set -eu
say() { printf 'vastedag: %s\n' "$*" >&2; }

missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
    || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v softhsm2-util >/dev/null 2>&1 || missing="$missing softhsm2" # a PKCS#11 token
command -v ip >/dev/null 2>&1 || missing="$missing iproute2"
/sbin/ldconfig -p | grep -q 'libatomic\.so\.1' || missing="$missing libatomic1" # playwright's node
/sbin/ldconfig -p | grep -q 'libpangoft2-1\.0\.so\.0' || missing="$missing libpango-1.0-0 libpangoft2-1.0-0" # letters
[ -z "$missing" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "the tests use these Debian packages, installing them now:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    say "the tests use these Debian packages; to run all tests: sudo apt-get install$missing"
    [ "${CI:-}" = true ] && exit 1
fi
exit 0
