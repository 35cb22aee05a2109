#!/usr/bin/env bash
# Proves ./run and ./check on a clean Debian root file system. As root, with mmdebstrap:
#
#   tests/cleanroom.sh SUITE [STAGE...]   SUITE: bookworm, trixie; STAGE: those of ./check (all)
#
# The root is made once in CLEANROOM_DIR (build/cleanroom/SUITE) and used again; delete it for a cold
# run. MIRROR names another mirror; CLEANROOM_SETUP a program that is called with a new root's path
# to give it what a network behind a proxy needs. What is tested is the last commit.
set -euo pipefail
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
suite=${1:?usage: tests/cleanroom.sh SUITE [STAGE...]}
shift
root=${CLEANROOM_DIR:-$project/build/cleanroom/$suite}

say() { printf '\033[1m=== %s\033[0m\n' "$*"; }

make_root() {
  say "Making $root"
  mkdir -p "$(dirname "$root")"
  rm -rf "$root.new"
  mmdebstrap --variant=minbase "$suite" "$root.new" "${MIRROR:-http://deb.debian.org/debian}"
  cp /etc/resolv.conf /etc/hosts "$root.new/etc/"
  [[ -z ${CLEANROOM_SETUP:-} ]] || "$CLEANROOM_SETUP" "$root.new"
  mv "$root.new" "$root"
}

# A fresh checkout; what the previous one built stays, so that a repeated run is quick.
check_out() {
  mkdir -p "$root/oriel"
  rm -rf "$root/oriel.new"
  git clone --quiet --no-hardlinks "$project" "$root/oriel.new"
  if [[ -d $root/oriel/build ]]; then mv "$root/oriel/build" "$root/oriel.new/"; fi
  rm -rf "$root/oriel"
  mv "$root/oriel.new" "$root/oriel"
}

# inside ARGUMENT... <<END: runs a script in the root, in namespaces that end with it.
inside() {
  local script
  script=$(cat)
  # shellcheck disable=SC2016
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec chroot "$1" env -i HOME=/root TERM=dumb FUZZ_SECONDS="$2" \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -c "$3" inside "${@:4}"' \
    inside "$root" "${FUZZ_SECONDS:-60}" "$script" "$@" </dev/null
}

# ./run: its snippets are cut out of what it prints, and both processes end with it.
try_run() {
  say "./run on $suite"
  inside <<'END'
set -euo pipefail
cd /oriel
./run --build-only
# Background jobs of a script ignore SIGINT; a terminal's do not.
set -m
./run --listen 127.0.0.1:0 >/tmp/run.log 2>&1 &
run=$!
until grep -q '^Control-C' /tmp/run.log; do
  kill -0 "$run" || { cat /tmp/run.log; exit 1; }
  sleep 0.1
done
read -ra children <"/proc/$run/task/$run/children" || ((${#children[@]}))
sed -n '/^curl /,/^$/p' /tmp/run.log >/tmp/snippet.sh
sed -n '/^from openai/,/^$/p' /tmp/run.log >/tmp/snippet.py
bash /tmp/snippet.sh | tee /tmp/answer.json
grep -q '"finish_reason":"stop"' /tmp/answer.json
address=$(sed -n 's/^Oriel serves on \([^,]*\),.*/\1/p' /tmp/run.log)
curl -fsS "$address/metrics" | grep '^oriel_requests_total.*code="200".* 1$'
apt-get install -y -qq --no-install-recommends python3-venv >/tmp/apt.log 2>&1
[[ -x /tmp/venv/bin/pip ]] || python3 -m venv /tmp/venv
/tmp/venv/bin/pip install --quiet openai
/tmp/venv/bin/python /tmp/snippet.py | tee /tmp/answer.txt
grep -q 'Hello, Oriel' /tmp/answer.txt
kill -INT "$run"
wait "$run"
for child in "${children[@]}"; do
  for _ in {1..50}; do [[ -d /proc/$child ]] || continue 2; sleep 0.1; done
  echo "process $child outlived ./run" >&2
  exit 1
done
END
}

try_check() {
  say "./check $* on $suite"
  inside "$@" <<'END'
cd /oriel && exec ./check "$@"
END
}

[[ -d $root ]] || make_root
check_out
try_run
try_check "$@"
say "$suite: ./run and ./check $* are good"
