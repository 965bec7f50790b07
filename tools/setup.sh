#!/usr/bin/env bash
# Makes .venv what constraints.txt says: the interpreter, llama.cpp, the package and its tools. Must know
# nothing of the program itself. Quick and silent when nothing changed since it last finished.
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
stamp=$venv/setup-done      # written last: what this environment was made from
started=$venv/setup-started # there while packages are being written: an installation that was cut off
wheels=${XDG_CACHE_HOME:-$HOME/.cache}/workbench/wheels
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

quiet=yes
[ ! -t 2 ] || quiet=

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if new_enough "$candidate"; then printf '%s' "$candidate"; return; fi
    done
    die "Python 3.11 or newer was not found; install it (Debian: apt install python3 python3-venv) or name one with PYTHON=/path/to/python3."
}

# The CUDA compiler, but only where a card answers too: a toolkit alone must not cost a long build that nothing can run.
find_nvcc() {
    local candidate cards
    for candidate in nvcc "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc"; do
        if command -v "$candidate" >/dev/null; then
            if cards=$(nvidia-smi -L 2>/dev/null) && [[ $cards == GPU* ]]; then command -v "$candidate"; fi
            return
        fi
    done
}

# The instruction set is left at the portable one: a native build crashes on processors with AMX.
llama_version=$(sed -n 's/^llama-cpp-python==//p' constraints.txt)
llama_sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e # of its source release
converter=$venv/share/workbench/llama.cpp-$llama_version
llama_flags="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF"
nvcc=$(find_nvcc)
llama_kind="$llama_version $(uname -sm) $llama_flags"
[ -z "$nvcc" ] || llama_kind+=" -DGGML_CUDA=on $("$nvcc" --version | tail -n 1)"

describe() {
    printf '%s\n' "$("$venv/bin/python" -VV 2>&1)" "$PWD" "$llama_kind" \
        "$(cat pyproject.toml constraints.txt tools/setup.sh tools/converter.py | cksum)"
}
is_current() { [ -f "$stamp" ] && [ -d "$converter" ] && [ "$(cat "$stamp")" = "$(describe)" ]; }

# Prints the source release, fetched into the folder $1; pip's words go to the file $2. Besides what is compiled it holds
# the converter for architectures that the export has no writer of its own for, and no wheel does.
llama_release() {
    "$venv/bin/python" -m pip download --quiet --no-deps --no-binary llama-cpp-python --dest "$1" \
        "llama-cpp-python==$llama_version" >"$2" 2>&1 && compgen -G "$1/*.tar.gz"
}

# Puts the converter into the environment, from the cache or out of the release $1.
place_converter() {
    local kept=$wheels/converter-$llama_sha256
    if [ ! -d "$kept" ]; then
        "$venv/bin/python" tools/converter.py "$1" "$llama_sha256" "$kept" || return 1
    fi
    rm -rf "$converter"
    mkdir -p "$converter" && cp -R "$kept/." "$converter/"
}

# The same where the wheel was built by an earlier set-up that kept no converter.
fetch_converter() {
    local folder release
    if [ -d "$wheels/converter-$llama_sha256" ]; then place_converter ""; return; fi
    say "fetching llama.cpp's converter, once ..."
    mkdir -p "$wheels" && folder=$(mktemp -d "$wheels/fetching.XXXXXX") || return 1
    if release=$(llama_release "$folder" "$wheels/converter.log") && place_converter "$release"; then
        rm -rf "$folder"
        return 0
    fi
    rm -rf "$folder"
    return 1
}

# Builds one llama.cpp wheel into the folder $1 with the flags $2; the compiler's words go to the file $3. pip's
# own cache is left aside: it does not tell wheels with different flags apart.
build_llama() {
    local made release compiler=${CXX:-c++}
    command -v "${compiler%% *}" >/dev/null || die "a C++ compiler is needed to build llama.cpp; install one (Debian: apt install g++) and run make again."
    mkdir -p "$1" && made=$(mktemp -d "$1/building.XXXXXX") || die "the folder $1 cannot be written; make room or mend its permissions."
    if release=$(llama_release "$made" "$3") && place_converter "$release" 2>>"$3" && CMAKE_ARGS="$2" CUDACXX="$nvcc" \
        CMAKE_BUILD_PARALLEL_LEVEL="${CMAKE_BUILD_PARALLEL_LEVEL:-$(getconf _NPROCESSORS_ONLN)}" \
        "$venv/bin/python" -m pip wheel --quiet --no-cache-dir --no-deps --wheel-dir "$made" "$release" >>"$3" 2>&1; then
        mv "$made"/*.whl "$1/"
        rm -rf "$made"
        return 0
    fi
    rm -rf "$made"
    return 1
}

# Prints the wheel of the wanted kind, building it where no earlier set-up of this person did.
llama_wheel() {
    local folder
    folder=$wheels/llama-cpp-$(printf '%s' "$llama_kind" | cksum | tr ' ' -)
    if ! compgen -G "$folder/*.whl" >/dev/null; then
        if [ -n "$nvcc" ]; then
            say "building llama.cpp with CUDA, 10 to 30 minutes, once ..."
            build_llama "$folder" "$llama_flags -DGGML_CUDA=on" "$folder/cuda.log" ||
                say "the CUDA build failed (see $folder/cuda.log), so chatting with a GGUF will use the processor, training the card; remove $folder and .venv to try again."
        fi
        if ! compgen -G "$folder/*.whl" >/dev/null; then
            say "building llama.cpp, about 7 minutes, once ..."
            build_llama "$folder" "$llama_flags" "$folder/cpu.log" ||
                die "llama.cpp could not be built; the compiler's words are in $folder/cpu.log."
        fi
    fi
    compgen -G "$folder/*.whl"
}

# What a cut-off installation left, a Python that has gone and a moved checkout are not repaired but made anew.
is_sound() {
    [ ! -e "$started" ] && new_enough "$venv/bin/python" && grep -qsF "$PWD/$venv/bin/" "$venv/bin/pip" &&
        "$venv/bin/python" -m pip --version >/dev/null 2>&1
}

# pip shows its progress to a person and only its errors to a log.
pip_install() { "$venv/bin/python" -m pip install ${quiet:+-qq} "$@" >&2; }

install() {
    local python wheel
    python=$(find_python)
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        die "this Python cannot make virtual environments; install its venv module (Debian: apt install python3-venv) and run make again."
    if ! is_sound; then
        say "making $venv with $("$python" -V 2>&1) ..."
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    wheel=$(llama_wheel)
    fetch_converter ||
        die "llama.cpp's converter could not be fetched; $wheels/converter.log and the lines above say why. Run make again once that is mended."
    rm -f "$stamp"
    say "installing the packages of constraints.txt into $venv ..."
    touch "$started"
    if pip_install --no-deps --force-reinstall "$wheel" && pip_install --constraint constraints.txt --editable '.[dev]'; then
        describe >"$stamp.new"
        mv "$stamp.new" "$stamp"
        rm -f "$started"
        say "ready."
    else
        rm -f "$started"
        die "the packages could not be installed; the lines above say why. Run make again once that is mended."
    fi
}

if ! is_current; then
    trap 'exit 130' INT TERM
    if command -v flock >/dev/null; then
        exec 9<tools/setup.sh
        flock 9
    fi
    is_current || install
fi
