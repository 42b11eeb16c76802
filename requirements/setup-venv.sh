#!/bin/sh
# setup-venv.sh [VENV LOCK VERSION...]
#
# Makes an environment hold exactly the packages of a lock, each file with a hash that stands there:
# .venv those of requirements/lock.txt, with the Python of .python-version, unless told otherwise. Of
# several versions, the first that this machine has is taken. Where all is in place already, this
# takes milliseconds and says nothing.
#
# The stamp in the environment is the versions and the lock that it was made from. It is removed
# first and written last, so an interrupted set-up never looks complete: the next one starts anew.
#
# PYTHON may name the interpreter to use. Without a Python of a wanted version, or a way to
# install into it, this says so in one sentence and exits with 2.
set -eu

CDPATH='' cd -- "$(dirname -- "$0")/.."
if [ $# -eq 0 ]; then
    read -r versions <.python-version
    set -- .venv requirements/lock.txt "$versions"
fi
venv=$1
lock=$2
shift 2
versions=$*
stamp=$venv/installed-lock.txt

# uv, where it is there, must use an interpreter of this machine and fetch packages alone.
export UV_PYTHON_DOWNLOADS=never

fail() {
    echo "$1" >&2
    exit 2
}

print_stamp() {
    echo "$versions"
    cat "$lock"
}

is_current() {
    [ -x "$venv/bin/python" ] && [ -f "$stamp" ] && print_stamp | cmp -s - "$stamp"
}

# Print the path of the real interpreter behind command $1, if it runs and has one of the versions
# that follow. A pyenv shim can exist without running; a virtual environment leads to what it was
# made from.
interpreter_of() {
    candidate=$1
    shift
    "$candidate" -c '
import sys
if "%d.%d" % sys.version_info[:2] not in sys.argv[1:]:
    sys.exit(1)
print(getattr(sys, "_base_executable", None) or sys.executable)
' "$@" 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        # shellcheck disable=SC2086 # several versions
        interpreter_of "$PYTHON" $versions
        return
    fi
    for version in $versions; do
        for candidate in "$(uv python find --system "$version" 2>/dev/null)" "python$version" \
            python3 python "${PYENV_ROOT:-${HOME:-}/.pyenv}/versions/$version".*/bin/python; do
            [ -n "$candidate" ] && interpreter_of "$candidate" "$version" && return
        done
    done
    return 1
}

# Hold the lock of this checkout until this script and all that it started have ended. A file
# system without locks (some network ones) goes without.
wait_for_turn() {
    exec 9<"$lock"
    "$python" -c '
import fcntl
import sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Waiting for another set-up of " + sys.argv[1] + " to end.", flush=True)
    fcntl.flock(9, fcntl.LOCK_EX)
except OSError:
    pass
' "$venv" 9<&9
}

# Make .venv and bring a uv for this one set-up, by the pip of .venv or else of the interpreter.
make_venv_with_uv() {
    if "$python" -m venv "$venv" >/dev/null 2>&1; then
        pip_python=$venv/bin/python
    elif "$python" -m venv --without-pip "$venv" && "$python" -m pip --version >/dev/null 2>&1; then
        pip_python=$python
    else
        fail "Neither uv nor pip was found for $python: install uv, or pip for Python $version (on Debian and Ubuntu: python$version-venv), and run this again."
    fi
    # The lines of uv alone, up to the last of its hashes: the lock's others need not be at hand.
    sed -n '/^uv==/,/[^\\]$/p' requirements/lock.txt >"$venv/uv.txt"
    "$pip_python" -m pip install -qq --require-hashes --target "$venv/uv" -r "$venv/uv.txt"
    uv=$venv/uv/bin/uv
}

# Print pip's setting $1, from its files or the environment, if there is one.
pip_setting() {
    for pip_python in "$venv/bin/python" "$python"; do
        "$pip_python" -m pip config list 2>/dev/null && break
    done | sed -En "s/^(global|install|:env:)\.$1='(.*)'$/\2/p" | tail -n 1
}

# Give uv pip's certificates, if it was told of none.
use_pip_certificates() {
    cert=${SSL_CERT_FILE:-$(pip_setting cert)}
    [ -z "$cert" ] || export SSL_CERT_FILE="$cert"
}

# Give uv pip's index, if it was told of none. Only for a uv that came with the lock: one that the
# user installed may have its own settings, which this would override.
use_pip_index() {
    index=${UV_DEFAULT_INDEX:-${UV_INDEX_URL:-$(pip_setting index-url)}}
    [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

# pyfarmhash, which TFDV imports, is published as C++ source alone: see to it that it can be built.
ensure_compiler() {
    grep -q '^pyfarmhash==' "$lock" || return 0
    "$venv/bin/python" -c 'import farmhash' 2>/dev/null && return
    include=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    [ -f "$include/Python.h" ] || fail "$python came without its C headers ($include/Python.h): install them (on Debian and Ubuntu: python$version-dev), or set PYTHON to a Python $version that has them, and run this again."
    command -v "${CXX:-g++}" >/dev/null && return
    echo "No C++ compiler here: bringing one for this set-up alone, which takes a minute more."
    "$uv" pip install --quiet --require-hashes --python "$venv/bin/python" \
        --target "$venv/compiler" -r requirements/compiler.txt
    compiler_home=$PWD/$venv/compiler
    export CC="'$compiler_home/ziglang/zig' cc" CXX="'$compiler_home/ziglang/zig' c++"
    export ZIG_GLOBAL_CACHE_DIR="$compiler_home/cache"
}

is_current && exit 0

if ! python=$(find_python); then
    wanted=
    for version in $versions; do
        wanted="${wanted:+$wanted or }$version"
    done
    version=${versions%% *}
    [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON does not run as Python $wanted: set it to a Python $wanted, or unset it to have one looked for."
    fail "Python $wanted was not found through uv, PATH or pyenv: install it (uv python install $version, pyenv install $version, or your system's packages) or set PYTHON to it, and run this again."
fi
wait_for_turn
is_current && exit 0
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')

started=$(date +%s)
# shellcheck disable=SC2086 # several versions
if [ -f "$stamp" ] && interpreter_of "$venv/bin/python" $versions >/dev/null; then
    echo "Updating $venv to $lock."
    rm "$stamp"
else
    echo "Setting up $venv with Python $version and the $(grep -c '^[^ #]' "$lock") packages of $lock: one to a few minutes, mostly download (up to 1 GB the first time)."
    rm -rf "$venv"
    hash -r
fi

if uv --version >/dev/null 2>&1; then
    uv=uv
    [ -d "$venv" ] || uv venv --quiet --python "$python" "$venv"
else
    uv=$venv/bin/uv
    [ -x "$uv" ] || make_venv_with_uv
    use_pip_index
fi
use_pip_certificates
ensure_compiler

print_stamp >"$venv/installing-lock.txt"
"$uv" pip sync --quiet --require-hashes --python "$venv/bin/python" \
    --build-constraints "$lock" "$lock"
if [ "$venv" = .venv ]; then
    # The checkout itself, by its path alone, for .venv/bin/tfx-pipelines. A sync takes it out.
    "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation \
        --config-settings editable_mode=compat --editable .
fi
rm -rf "$venv/uv" "$venv/uv.txt" "$venv/compiler"
mv "$venv/installing-lock.txt" "$stamp"
echo "Done in $(($(date +%s) - started)) s."
