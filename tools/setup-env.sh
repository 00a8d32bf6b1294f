#!/bin/sh
# Creates .venv from the lock file. Usage: tools/setup-env.sh [run|test]
set -eu
kind="${1:-run}"
say() { printf 'vastedag: %s\n' "$*" >&2; }

python=""
for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c \
        'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        python="$candidate"
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or newer is needed and was not found; on Debian 12: apt-get install python3"
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    package="$("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "installing the Debian package $package (Python's own venv is not complete without it)"
        apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package" >/dev/null
    else
        say "Python's venv is not complete; run: sudo apt-get install $package"
        exit 1
    fi
fi

if [ ! -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    say "making the environment in .venv with $("$python" --version)"
    "$python" -m venv .venv
fi
if ! .venv/bin/uv --version 2>/dev/null | grep -q "$(sed 's/.*==//' tools/uv.txt)"; then
    .venv/bin/pip install --quiet --disable-pip-version-check -r tools/uv.txt
fi
say "installing the locked dependencies ($kind)"
if [ "$kind" = test ]; then
    .venv/bin/uv sync --frozen --quiet --system-certs --no-python-downloads --compile-bytecode
else
    .venv/bin/uv sync --frozen --quiet --system-certs --no-python-downloads --compile-bytecode --no-default-groups --inexact
fi
