# shellcheck shell=bash
# Fetches libtorch from PyPI's wheel of torch: sourced by lib-setup.sh when there is none yet.

# find_python: sets PYTHON to a Python that has pip.
find_python() {
  local candidate
  for candidate in python3 /usr/bin/python3; do
    if "$candidate" -m pip --version >/dev/null 2>&1; then
      PYTHON=$candidate
      return
    fi
  done
  want_package python3-pip
  install_packages
  PYTHON=/usr/bin/python3
}

# with_progress FOLDER COMMAND…: a terminal gets the command's own progress bar, a log gets a line
# every five seconds with what the folder holds so far.
with_progress() {
  local folder=$1 pid seconds=0 status=0
  shift
  if [[ -t 1 ]]; then
    "$@"
    return
  fi
  "$@" >"$folder/pip.log" 2>&1 9>&- &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    sleep 1
    seconds=$((seconds + 1))
    if ((seconds % 5 == 0)); then
      say "$(du -sm "$folder" | cut -f 1) MB after $seconds s"
    fi
  done
  wait "$pid" || status=$?
  if ((status != 0)); then tail -n 5 "$folder/pip.log" >&2; fi
  return "$status"
}

# Only what a C++ program needs: libraries, headers, licences.
unpack_wheel() {
  "$PYTHON" - "$1" "$2" <<'PYTHON'
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith(("torch/lib/", "torch/include/")) or ".dist-info/" in name:
            archive.extract(name, folder)
PYTHON
}

# check_wheel FILE: its hash is the one in tools/pins/torch.sha256, before anything is unpacked.
check_wheel() {
  local name pins="$ROOT/tools/pins/torch.sha256" expected found
  name=$(basename "$1")
  expected=$(awk -v name="$name" '$2 == name {print $1}' "$pins")
  [[ -n $expected ]] ||
    fail "no hash is known for $name ($pins lists those of torch $TORCH_VERSION); to use another build, unpack it and name it with --libtorch DIR"
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  [[ $found == "$expected" ]] ||
    fail "$name has the SHA-256 $found, $expected is expected: it is damaged, or not the file that was published"
}

# A CUDA build's libtorch_cpu.so needs libcudart and libcupti beside it (its RPATH is
# ../../nvidia/…). The wheel names their release, tools/pins/cuda-runtime.txt its files; nothing here
# uses the GPU, so the gigabytes of the other CUDA libraries stay away.
fetch_cuda_runtime() {
  local stage=$1 release
  release=$(sed -n 's/^Requires-Dist: cuda-toolkit\[[^]]*\] *==\([0-9.]*\).*/\1/p' \
    "$stage"/torch-*.dist-info/METADATA)
  [[ $release == "$CUDA_RELEASE" ]] ||
    fail "this CUDA build of torch asks for cuda-toolkit ${release:-of no release}, $CUDA_RELEASE is expected"
  say "a CUDA build: CUDA runtime $release as well"
  with_progress "$stage" env TMPDIR="$stage/tmp" "$PYTHON" -m pip install --no-cache-dir \
    --disable-pip-version-check --quiet --root-user-action=ignore --target "$stage" --no-deps \
    --only-binary :all: --require-hashes --requirement "$ROOT/tools/pins/cuda-runtime.txt" ||
    fail "pip could not fetch the CUDA runtime $release (see above)"
}

# fetch_libtorch: everything happens in a folder beside, which is renamed when it is whole: an
# interrupted download leaves nothing that looks like libtorch.
fetch_libtorch() {
  local stage="$BUNDLED_LIBTORCH.part" missing
  if [[ -e $BUNDLED_LIBTORCH ]]; then
    fail "$BUNDLED_LIBTORCH has no torch/lib/libtorch_cpu.so: remove that folder, or name another with --libtorch"
  fi
  find_python
  say "downloading torch $TORCH_VERSION from PyPI (200 to 530 MB)"
  rm -rf "$stage"
  mkdir -p "$stage/tmp"
  with_progress "$stage" env TMPDIR="$stage/tmp" "$PYTHON" -m pip download --no-cache-dir \
    --disable-pip-version-check --no-deps --only-binary :all: --dest "$stage" \
    "torch==$TORCH_VERSION" ||
    fail "pip could not download torch $TORCH_VERSION (see above); is there a network? Or use --libtorch DIR"
  check_wheel "$stage"/torch-*.whl
  say "unpacking"
  unpack_wheel "$stage"/torch-*.whl "$stage" || fail "could not unpack torch's wheel (see above)"
  if [[ -e $stage/torch/lib/libtorch_cuda.so ]]; then
    fetch_cuda_runtime "$stage"
  fi
  missing=$(ldd "$stage/torch/lib/libtorch_cpu.so" | sed -n 's/^\s*\(\S*\) => not found.*/\1/p')
  [[ -z $missing ]] || fail "libtorch needs libraries that are not there: ${missing//$'\n'/ }"
  rm -rf "$stage"/torch-*.whl "$stage/tmp" "$stage/pip.log"
  mv "$stage" "$BUNDLED_LIBTORCH"
}
