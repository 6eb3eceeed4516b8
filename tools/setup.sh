#!/usr/bin/env bash
# Bring what is missing: uv, the libraries Qt and OpenGL need on Debian and Ubuntu, and the locked Python packages.
set -euo pipefail

if ! command -v uv >/dev/null; then
    echo "Installing uv" >&2
    if command -v pipx >/dev/null; then pipx install --quiet uv
    elif python3 -m pip install --quiet --user uv 2>/dev/null; then :
    elif python3 -m pip install --quiet --user --break-system-packages uv; then :
    else
        echo "uv could not be installed. Install it as its documentation says, then run make again." >&2
        exit 1
    fi
fi

packages=(libegl1 libgl1 libglib2.0-0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libxcb-cursor0
    libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0
    libgl1-mesa-dri xvfb xauth)
if [[ "$(uname -s)" == Linux ]] && ! ldconfig -p | grep -q libxcb-cursor.so || ! command -v xvfb-run >/dev/null; then
    if command -v apt-get >/dev/null && [[ "$(id -u)" == 0 ]]; then
        echo "Installing system libraries" >&2
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    elif [[ "$(uname -s)" == Linux ]]; then
        echo "napari's window needs system libraries. On Debian or Ubuntu run:" >&2
        echo "  sudo apt-get install ${packages[*]}" >&2
    fi
fi

uv sync --frozen --quiet
