#!/usr/bin/env bash
# Bring what is missing: uv, the locked Python packages, and on Linux the system libraries napari's window needs.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$HOME/.local/bin:$PATH"

if ! command -v uv >/dev/null; then
    echo "Installing uv" >&2
    if ! command -v pipx >/dev/null && ! python3 -m pip --version >/dev/null 2>&1 &&
        command -v apt-get >/dev/null && [[ "$(id -u)" == 0 ]]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pip >/dev/null
    fi
    if command -v pipx >/dev/null; then pipx install --quiet uv
    elif python3 -m pip install --quiet --user uv 2>/dev/null; then :
    elif python3 -m pip install --quiet --user --break-system-packages uv; then :
    else
        echo "uv could not be installed. See https://docs.astral.sh/uv/getting-started/installation/, then run make again." >&2
        exit 1
    fi
fi
uv sync --frozen --quiet --inexact --compile-bytecode # saves seconds at each start of a step

[[ "$(uname -s)" == Linux ]] || exit 0
lacking=$(ldd .venv/lib/python3.*/site-packages/PyQt6/Qt6/plugins/platforms/libqxcb.so | awk '/not found/ {print $1}' | sort -u)
command -v xvfb-run >/dev/null || lacking="$lacking xvfb-run"
[[ -n "$lacking" ]] || exit 0

# What Qt's X11 plugin links to, OpenGL for the canvas, and a display that exists in memory only, for tests.
packages=(libdbus-1-3 libegl1 libfontconfig1 libgl1 libglib2.0-0 libgssapi-krb5-2 libxcb-cursor0 libxcb-icccm4
    libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0 xauth xvfb)
if command -v apt-get >/dev/null && [[ "$(id -u)" == 0 ]]; then
    echo "Installing system libraries" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-upgrade --no-install-recommends "${packages[@]}" >/dev/null
elif command -v apt-get >/dev/null; then
    echo "napari's window and its tests need" $lacking". Install them once, then run make again:" >&2
    echo "  sudo apt-get install ${packages[*]}" >&2
else
    echo "napari's window and its tests need" $lacking". Install what holds them with your system's package manager." >&2
fi
