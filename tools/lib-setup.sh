# shellcheck shell=bash
# What tools/quickstart, tools/check and .ci/run share: sourced, never run.
# Every step first looks whether its work is done, so that a second run takes seconds.

set -Eeuo pipefail

# shellcheck disable=SC2034  # the scripts that source this file use it
readonly TORCH_VERSION=2.13.0
# shellcheck disable=SC2034
readonly CUDA_RELEASE=13.0.3  # of torch's CUDA build; tools/pins holds the hashes of both
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly ROOT
readonly BUILD="$ROOT/build/release"
readonly BUNDLED_LIBTORCH="$ROOT/build/libtorch"
# Measured: libtorch 0.7 GB and its wheel 0.2 GB (a CUDA build: 1.1 and 0.5), the build with tests
# 0.5 GB.
readonly NEEDED_MB_FRESH=4000
readonly NEEDED_MB_BUILD=1000
# One compilation that includes libtorch's headers takes up to 1.5 GB.
readonly NEEDED_MB_MEMORY=3500
readonly MB_A_JOB=1500

NAME=$(basename "$0")
STEP=0
LIBTORCH=""
JOBS=1
PACKAGES_WANTED=()

# step TEXT: what happens next, for the reader and for the message if it fails.
step() {
  STEP=$((STEP + 1))
  CURRENT_STEP=$1
  printf '[%d] %s\n' "$STEP" "$1"
}

say() { printf '    %s\n' "$1"; }

fail() {
  printf '%s: %s\n' "$NAME" "$1" >&2
  exit 1
}

on_unexpected_error() {
  local status=$?
  printf '%s: failed (exit status %d) in step %d: %s\n' "$NAME" "$status" "$STEP" \
    "${CURRENT_STEP:-start}" >&2
  exit "$status"
}
trap on_unexpected_error ERR

# parse_options "$@": --libtorch DIR and --help, the same for both commands. Needs usage().
parse_options() {
  while (($# > 0)); do
    case $1 in
      --libtorch)
        (($# > 1)) || fail "--libtorch needs a folder (see $NAME --help)"
        LIBTORCH=$2
        shift 2
        ;;
      --libtorch=*)
        LIBTORCH=${1#*=}
        shift
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      *) fail "unknown option $1 (see $NAME --help)" ;;
    esac
  done
}

# Two runs at once would build into each other's folders.
lock() {
  mkdir -p "$ROOT/build" || fail "cannot write into $ROOT"
  exec 9>"$ROOT/build/.lock"
  flock -n 9 || fail "tools/quickstart, tools/check or .ci/run is at work here already"
}

memory_mb() {
  local total_kb limit
  total_kb=$(awk '/^MemTotal:/ {print $2}' /proc/meminfo)
  # A container's limit (cgroup v2) counts where it is the smaller one.
  limit=$(cat /sys/fs/cgroup/memory.max 2>/dev/null || echo max)
  if [[ $limit =~ ^[0-9]+$ ]] && ((limit / 1024 < total_kb)); then
    total_kb=$((limit / 1024))
  fi
  echo $((total_kb / 1024))
}

check_machine() {
  step "Look at the machine"
  local system="unknown system" machine memory disk needed=$NEEDED_MB_FRESH
  if [[ -r /etc/os-release ]]; then
    # shellcheck disable=SC1091
    system=$(. /etc/os-release && echo "${PRETTY_NAME:-unknown system}")
  fi
  machine=$(uname -m)
  memory=$(memory_mb)
  disk=$(df --output=avail -m "$ROOT" | tail -n 1 | tr -d ' ')
  [[ $(uname -s) == Linux ]] || fail "this is $(uname -s), Linux is expected"
  if [[ -n $LIBTORCH || -e $BUNDLED_LIBTORCH ]]; then
    needed=$NEEDED_MB_BUILD
  fi
  ((memory >= NEEDED_MB_MEMORY)) ||
    fail "this machine has $memory MB of memory, compiling needs $NEEDED_MB_MEMORY MB"
  ((disk >= needed)) || fail "$ROOT has $disk MB of free disk space, $needed MB are needed"
  JOBS=$((memory / MB_A_JOB))
  if ((JOBS > 2)); then JOBS=2; fi
  if ((JOBS > $(nproc))); then JOBS=$(nproc); fi
  say "$system, $machine, $(nproc) cores, $memory MB memory, $disk MB free disk: $JOBS build jobs"
  [[ $system == Debian*12* ]] || say "Tested on Debian 12 only; going on."
}

# want_command COMMAND PACKAGE: a command from elsewhere is as good as Debian's.
want_command() {
  command -v "$1" >/dev/null || PACKAGES_WANTED+=("$2")
}

want_package() {
  local package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
      PACKAGES_WANTED+=("$package")
  done
}

want_build_packages() {
  want_command g++ g++
  want_command cmake cmake
  want_command ninja ninja-build
  want_command python3 python3
  want_package libutf8proc-dev libhwy-dev zlib1g-dev nlohmann-json3-dev libcli11-dev libgtest-dev
  want_package libcurl4-openssl-dev libssl-dev libsentencepiece-dev
  want_package libcpp-httplib-dev prometheus-cpp-dev
}

# apt_get LOG COMMAND…: as root, quiet.
apt_get() {
  local log=$1 as_root=()
  shift
  if ((EUID != 0)); then as_root=(sudo); fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@" \
    >"$log" 2>&1
}

# install_packages: everything in PACKAGES_WANTED.
install_packages() {
  step "Debian packages"
  if ((${#PACKAGES_WANTED[@]} == 0)); then
    say "all there"
    return
  fi
  command -v apt-get >/dev/null ||
    fail "missing packages, and no apt-get to install them: ${PACKAGES_WANTED[*]}"
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail "missing Debian packages: ${PACKAGES_WANTED[*]}. Install them as root, or run this as root"
  fi
  say "installing ${PACKAGES_WANTED[*]} (as root; sudo may ask for your password)"
  local log="$ROOT/build/apt.log" reason
  apt_get "$log" update || fail "apt-get update failed: $(apt_reason "$log") (all of it: $log)"
  if ! apt_get "$log" install -y --no-install-recommends "${PACKAGES_WANTED[@]}"; then
    reason=$(apt_reason "$log")
    fail "apt-get could not install ${PACKAGES_WANTED[*]}: $reason (all of it: $log)"
  fi
  PACKAGES_WANTED=()
}

# The line of apt's output that says why.
apt_reason() {
  grep -m 1 -E '^E: ' "$1" || tail -n 1 "$1"
}

# use_libtorch: sets LIBTORCH to a folder with include/ and lib/: the one that the user names, else
# the one that this build tree uses already, else the wheel from PyPI.
use_libtorch() {
  step "libtorch"
  if [[ -z $LIBTORCH && -r $BUILD/CMakeCache.txt ]]; then
    LIBTORCH=$(sed -n 's/^BERTQA_LIBTORCH:PATH=//p' "$BUILD/CMakeCache.txt")
    [[ -e $LIBTORCH/lib/libtorch_cpu.so ]] || LIBTORCH=""
  fi
  if [[ -z $LIBTORCH ]]; then
    # shellcheck source=tools/lib-libtorch.sh
    source "$ROOT/tools/lib-libtorch.sh"
    [[ -e $BUNDLED_LIBTORCH/torch/lib/libtorch_cpu.so ]] || fetch_libtorch
    LIBTORCH=$BUNDLED_LIBTORCH/torch
  elif [[ -e $LIBTORCH/torch/lib/libtorch_cpu.so ]]; then
    LIBTORCH=$LIBTORCH/torch  # a site-packages folder
  fi
  [[ -e $LIBTORCH/lib/libtorch_cpu.so ]] ||
    fail "$LIBTORCH is no libtorch: there is no lib/libtorch_cpu.so in it"
  LIBTORCH=$(cd "$LIBTORCH" && pwd)
  say "$LIBTORCH"
}

# configure PRESET [CMAKE OPTION…]: quiet, unless it fails.
configure() {
  local preset=$1 log="$ROOT/build/configure-$1.log"
  shift
  step "Configure ($preset)"
  if ! (cd "$ROOT" && cmake --preset "$preset" "$@") >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    fail "cmake could not configure the preset $preset (all of it: $log)"
  fi
  say "$(tail -n 1 "$log")"
}

# build PRESET [TARGET…]
build() {
  local preset=$1
  shift
  step "Build ($preset${1:+: $*})"
  local targets=()
  if (($# > 0)); then targets=(--target "$@"); fi
  NINJA_STATUS='    [%f/%t, %es] ' \
    cmake --build "$ROOT/build/$preset" --parallel "$JOBS" "${targets[@]}" 9>&- ||
    fail "the build failed (see above)"
}
