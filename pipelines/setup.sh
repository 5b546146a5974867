#!/bin/sh
# Make the environment: setup.sh PYTHON FOLDER. A fresh Debian has python3 but not always python3-venv.
set -eu
python=$1
venv=$2
if ! command -v "$python" >/dev/null 2>&1; then
  echo "error: $python was not found. Install Python 3.11 or newer, then run make again." >&2
  exit 2
fi
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || {
  echo "error: $python is not Python 3.11, 3.12 or 3.13. Name another: make PYTHON=python3.11" >&2
  exit 2
}
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $package (Debian keeps venv apart) ..."
    apt-get update -qq && apt-get install -qq -y "$package" >/dev/null
  else
    echo "error: this Python cannot make environments. Install it: sudo apt-get install $package" >&2
    exit 2
  fi
fi
if ! command -v g++ >/dev/null 2>&1 && ! command -v c++ >/dev/null 2>&1; then  # one package, meeteval, comes as source
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing g++ ..."
    apt-get update -qq && apt-get install -qq -y g++ >/dev/null
  else
    echo "error: no C++ compiler was found. Install one: sudo apt-get install g++ (macOS: xcode-select --install)" >&2
    exit 2
  fi
fi
echo "Setting up $venv (about 6 GB on Linux, a few minutes; later runs start at once) ..."
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
# The package index's client that comes with Python 3.11 is used as it is: nothing is upgraded outside the lock.
export PIP_DISABLE_PIP_VERSION_CHECK=1
"$venv/bin/python" -m pip install --quiet --require-hashes -r requirements.lock
"$venv/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
