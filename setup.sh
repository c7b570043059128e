#!/usr/bin/env bash
# Makes what Archiver needs on this machine: .venv with the pinned packages, a Chromium, and fonts.
#
#   ./setup.sh
#
# What is there already is left alone; a second run only looks. As root on Debian or Ubuntu it installs
# missing system packages; anyone else is told what to ask for. pip and apt are used as they are configured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf '%s\n' "set-up: $*" >&2; }
stop() { printf '%s\n' "set-up: stopped. $1" "${@:2}" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# two at once, from two terminals, would pull .venv from under each other
if have flock; then
    exec 9<setup.sh
    flock --nonblock 9 || { say "another set-up is running here; waiting for it"; flock 9; }
fi

can_install() { [ "$(id -u)" = 0 ] && have apt-get; }
apt_ready=
install_packages() {
    local log
    log=$(mktemp)
    if [ -z "$apt_ready" ]; then
        apt-get update -qq >"$log" 2>&1 || say "the package lists could not be refreshed; trying with those there are"
        apt_ready=yes
    fi
    if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
        tail -n 20 "$log" >&2
        say "apt could not install $*; its last words are above, all of them in $log"
        return 1
    fi
    rm -f "$log"
}

# -- Python and the pinned packages ----------------------------------------------------------------

find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3; do
        if have "$name" && "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

make_environment() {
    local python
    python=$(find_python) || stop "Python 3.11, 3.12 or 3.13 was not found." \
        "Install one (Debian 12: apt install python3 python3-venv) and run this again."
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        can_install || stop "$python cannot make virtual environments." \
            "Ask for the package $python-venv (Debian: apt install $python-venv) and run this again."
        say "installing $python-venv"
        install_packages "$python-venv" || stop "$python cannot make virtual environments without $python-venv."
    fi
    say "making .venv with $("$python" --version) and the pinned packages (a few minutes the first time)"
    "$python" -m venv --clear .venv
    .venv/bin/python -m pip install -qq --no-input -r requirements.lock -r requirements-dev.lock ||
        stop "The packages could not be installed; pip's own message is above. Nothing is half used: run this again."
    .venv/bin/python -m pip install -qq --no-input --no-deps --no-build-isolation -e . ||
        stop "Archiver itself could not be installed; pip's own message is above."
}

# The stamp names everything .venv was made from, and where: a moved checkout needs a new one.
stamp=.venv/made-from
made_from() { { pwd; cat setup.sh requirements.lock requirements-dev.lock; } | sha256sum; }
if [ ! -x .venv/bin/archiver ] || [ "$(cat "$stamp" 2>/dev/null)" != "$(made_from)" ]; then
    make_environment
    made_from >"$stamp"
fi

# -- What playwright's driver needs of the system: a minimal Debian has no libatomic -----------------

driver_starts() { .venv/bin/playwright --version >/dev/null 2>&1; }

if ! driver_starts; then
    if can_install; then
        say "installing libatomic1 for playwright's driver"
        install_packages libatomic1 || true
    fi
    driver_starts || stop "playwright's driver does not start: $(.venv/bin/playwright --version 2>&1 | tail -n 1)" \
        "Ask for the library it lacks (Debian: apt install libatomic1), and run this again."
fi

# -- Chromium --------------------------------------------------------------------------------------

own_browsers=${PLAYWRIGHT_BROWSERS_PATH:-${XDG_CACHE_HOME:-$HOME/.cache}/ms-playwright}
find_chromium() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if have "$name"; then
            command -v "$name"
            return
        fi
    done
    for name in "$own_browsers"/chromium-*/chrome-linux*/chrome; do
        # one that lacks system libraries does not get as far as its version
        if [ -x "$name" ] && "$name" --version >/dev/null 2>&1; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

if ! find_chromium >/dev/null; then
    if can_install; then
        say "installing Debian's chromium"
        install_packages chromium || true
    fi
    if ! find_chromium >/dev/null; then
        say "fetching playwright's own Chromium"
        .venv/bin/playwright install chromium >&2 || true
    fi
    find_chromium >/dev/null || stop "No Chromium that starts was found, and none could be installed." \
        "Ask for the system's (Debian: apt install chromium), or for the libraries playwright's lacks" \
        "(as root: .venv/bin/playwright install-deps chromium), and run this again."
fi

# -- Fonts: without them screenshots show boxes ----------------------------------------------------

covered() { have fc-list && [ -n "$(fc-list ":lang=$1" family | head -n 1)" ]; }
fonts_suffice() { covered as && covered hi && covered ur && covered und-zsye; }

if ! fonts_suffice; then
    if can_install; then
        say "installing fonts for Assamese, Hindi, Urdu and emoji"
        install_packages fontconfig fonts-noto-core fonts-noto-color-emoji || true
    fi
    fonts_suffice || say "no fonts for Assamese, Hindi, Urdu or emoji were found: screenshots will show boxes." \
        "Ask for the packages fontconfig, fonts-noto-core and fonts-noto-color-emoji."
fi

# -- pdftotext: the PDF of a production is searched for what was redacted before it is sealed -------

if ! have pdftotext; then
    if can_install; then
        say "installing poppler-utils, which reads PDFs"
        install_packages poppler-utils || true
    fi
    have pdftotext || say "no pdftotext was found: productions cannot be sealed with a PDF." \
        "Ask for the package poppler-utils."
fi
