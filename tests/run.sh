#!/usr/bin/env bash
# Sets up what the tests need and runs all of them, in groups: one that fails does not hide the others, and is told at
# the end. With arguments, runs only `cargo test` with them, for example: tests/run.sh -p share-format link::
set -euo pipefail
cd "$(dirname "$0")/.."
source ./install.sh

# Debian keeps some programs where only root looks.
export PATH=$PATH:/usr/sbin:/sbin
# Stock programs that must open what share makes, and those the tests use to stage faults.
need_commands age:age ssh-keygen:openssh-client ip:iproute2 nft:nftables openssl:openssl strace:strace faketime:faketime
need_build_tools
# The other web server that docs/operating.md puts before a relay; without it its test says that it is skipped.
(need_commands caddy:caddy) || say "warning: going on without Caddy"
# For file systems that lack something; without it their tests say that they are skipped.
/usr/bin/python3 -c 'import fusepy' 2>/dev/null || (apt_install python3-fusepy) || say "warning: going on without python3-fusepy"

if [ $# -gt 0 ]; then
  exec cargo test --release --locked "$@"
fi

need_disk . 8000
need_commands chromium:chromium firefox-esr:firefox-esr Xvfb:xvfb xdotool:xdotool unshare:util-linux python3:python3 nginx:nginx curl:curl
# Not every system packages it; its tests say that they are skipped.
(need_commands WebKitWebDriver:webkit2gtk-driver) || say "warning: going on without WebKitGTK"

# Node for the page and for driving browsers. Debian's may be older than both need; npm then has a newer one.
need_commands node:nodejs npm:npm
if [ "$(node --print 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  [ -x target/tools/node/node_modules/.bin/node ] || npm install --prefix target/tools/node --no-audit --no-fund node@22
  PATH=$PWD/target/tools/node/node_modules/.bin:$PATH
fi

# Where the programs are installed as a user does it. Browser tests and benchmarks run what lies there.
prefix=$(mktemp -d)
export SHARE_PROGRAMS=$prefix/bin

# --- the groups ---

build() {
  cargo test --release --workspace --locked --no-run
  # The workspace builds with the features of all its packages together; each must also build with its own.
  cargo build --release --locked -p share --no-default-features
  cargo build --release --locked -p share-relay
}

rust() { cargo test --release --workspace --locked --no-fail-fast; }

fences() { tests/fences.sh; }

try() { PREFIX=$prefix ./install.sh --try; }

page() {
  cd relay/web
  npm ci --no-audit --no-fund
  npm run check
  npm test
}

browsers() {
  cd tests/browser
  npm ci --no-audit --no-fund
  npm test
}

large() {
  cd tests/browser
  npm run large
}

# That the benchmarks still work; whether their targets are still reached is for a quiet computer to say.
benchmarks() { tests/bench/bench smoke; }

uninstall() {
  PREFIX=$prefix ./install.sh --uninstall
  [ -z "$(find "$prefix" -type f)" ] || die "uninstalling left files in $prefix"
}

# --- running them ---

# What each group printed, and how long it took.
logs=$root/target/test-logs
mkdir -p "$logs"
declare -A running=()
results=()
failed=()

# run GROUP: runs it to its end.
run() {
  current=$1
  SECONDS=0
  trap tell_time EXIT
  exec >"$logs/$current.log" 2>&1 </dev/null
  "$current"
}

tell_time() {
  local user system
  times >"$logs/$current.time"
  # Of the shell, then of all the programs it ran.
  { read -r && read -r user system; } <"$logs/$current.time"
  echo "$SECONDS s, CPU time $user + $system" >"$logs/$current.time"
}

# Where the report on failed tests begins, as cargo and node print it, and the lines that name them.
report='^failures:$|^✖ failing tests:$'
names='^test .* FAILED$|^ *✖ '

# tell_failures GROUP: shows what it printed about the failures, or its last lines.
tell_failures() {
  local log=$logs/$1.log
  if grep -qE "$report" "$log"; then
    sed -nE "/$report/,\$p" "$log"
  else
    tail -n 100 "$log"
  fi | sed "s/^/$1: /"
}

# together GROUP...: runs them side by side, and shows what went wrong in those that fail.
together() {
  local group result
  for group in "$@"; do
    say "Running $group; it prints to $logs/$group.log"
    (run "$group") &
    running[$group]=$!
  done
  for group in "$@"; do
    result=passed
    wait "${running[$group]}" || result=FAILED
    unset "running[$group]"
    if [ "$result" = FAILED ]; then
      failed+=("$group")
      tell_failures "$group"
    fi
    results+=("$result  $group: $(cat "$logs/$group.time")")
    say "${results[-1]}"
  done
}

end() {
  local group
  for group in "${!running[@]}"; do
    kill -- "-${running[$group]}" 2>/dev/null || true
  done
  rm -rf -- "$prefix"
}
trap end EXIT

# Each group in a process group of its own, so that it ends whole, and may be interrupted as at a terminal.
set -m
together build page
together try fences
together rust browsers
together large benchmarks
together uninstall
set +m

say ""
printf '%s\n' "${results[@]}"
for group in "${failed[@]}"; do
  grep -hE "$names" "$logs/$group.log" | sed "s/^/$group: /" || true
done
printf '%s passed, %s failed\n' "$((${#results[@]} - ${#failed[@]}))" "${#failed[@]}"
[ "${#failed[@]}" -eq 0 ] || die "these failed: ${failed[*]}" "what they printed is in $logs"
