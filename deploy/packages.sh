# shellcheck shell=bash disable=SC2034
# Sourced by run and check, in the project's root: the Debian packages that Oriel needs, and how missing ones get
# installed.
# Works on Debian 12 and 13 and on Ubuntu 24.04; elsewhere it says what is needed and goes on.

build_packages=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates curl
  libevent-dev libcurl4-openssl-dev libssl-dev zlib1g-dev libsimdjson-dev libspdlog-dev libfmt-dev
  prometheus-cpp-dev libyaml-cpp-dev libcli11-dev)

test_packages=(
  libgtest-dev librapidcheck-dev clang clang-format python3 python3-venv openssl)

# Objects are found again from another checkout.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

say() { printf '\033[1m>>> %s\033[0m\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "root or sudo is needed to run: $*"
  fi
}

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# clang's sanitizer runtime is a package of clang's own version.
install_clang_runtime() { install_packages "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"; }

# install_packages NAME...: installs those that are missing, and says so.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    say "No apt-get here. Oriel needs what these Debian packages hold: $*"
    return 0
  fi
  local package missing=()
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  say "Installing ${#missing[@]} missing packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o Dpkg::Use-Pty=0 "${missing[@]}" >&2
}
