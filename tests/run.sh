#!/usr/bin/env bash
# Sets up what the tests need and runs all of them. With arguments, runs only `cargo test` with them,
# for example: tests/run.sh -p share link::
set -euo pipefail
cd "$(dirname "$0")/.."
source ./install.sh
source ./tests/tools.sh

# Stock programs that must open what share makes, and those the tests use to stage faults.
export PATH=$PATH:/usr/sbin:/sbin
need_commands age:age ssh-keygen:openssh-client ip:iproute2 nft:nftables openssl:openssl strace:strace faketime:faketime
need_build_tools
need_rage
export PATH=$tools/bin:$PATH

# Node for the page and for driving browsers. Debian's may be older than both need; npm then has a newer one.
need_node() {
  need_commands node:nodejs npm:npm
  if [ "$(node --print 'process.versions.node.split(".")[0]')" -lt 20 ]; then
    [ -x target/tools/node/node_modules/.bin/node ] || npm install --prefix target/tools/node --no-audit --no-fund node@22
    PATH=$PWD/target/tools/node/node_modules/.bin:$PATH
  fi
}

if [ $# -gt 0 ]; then
  exec cargo test --locked "$@"
fi

need_disk . 8000
cargo test --workspace --locked

# The workspace builds with the features of all its packages together; each must also build with its own.
cargo build --locked -p share --no-default-features
cargo build --locked -p share
cargo build --locked -p share-relay
tests/fences.sh

need_node
need_commands chromium:chromium firefox-esr:firefox-esr Xvfb:xvfb xdotool:xdotool unshare:util-linux faketime:faketime python3:python3
# Not every system packages it; its tests say that they are skipped.
(need_commands WebKitWebDriver:webkit2gtk-driver) || say "warning: going on without WebKitGTK"
(cd relay/web && npm ci --no-audit --no-fund && npm run check && npm test)
(cd tests/browser && npm ci --no-audit --no-fund && npm test && npm run large)

prefix=$(mktemp -d)
trap 'rm -rf -- "$prefix"' EXIT
PREFIX=$prefix ./install.sh --try
PREFIX=$prefix ./install.sh --uninstall
[ -z "$(find "$prefix" -type f)" ] || die "uninstalling left files in $prefix"

# That the benchmarks still work; whether their targets are still reached is for a quiet computer to say.
need_commands python3:python3 nginx:nginx curl:curl
say "Trying the benchmarks"
tests/bench/bench smoke >/dev/null
