#!/usr/bin/env bash
# Installs what the benchmarks compare with, and builds share and share-relay for release.
# A peer that cannot be installed here is skipped, and the reason said: tests/bench/bench leaves it out.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=install.sh
source ./install.sh

# shellcheck disable=SC2154 # install.sh sets it
tools=$root/target/tools

skipped() { say "SKIPPED $1: $2"; }

offered_by_apt() {
  command -v apt-cache >/dev/null && [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]
}

# Packages that Debian and Ubuntu name alike.
need_system_programs() {
  need_commands python3:python3 nginx:nginx age:age curl:curl ip:iproute2 tc:iproute2
  command -v perf >/dev/null || ! offered_by_apt linux-perf || apt_install linux-perf
  command -v perf >/dev/null || skipped "CPU by stage" "this system has no package linux-perf"
}

need_rage() {
  [ ! -x "$tools/bin/rage" ] || return 0
  say "Building rage"
  cargo install rage --version '^0.12' --locked --no-default-features --root "$tools"
}

need_wormhole() {
  local venv=$tools/wormhole
  [ ! -x "$venv/bin/wormhole" ] || return 0
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  say "Installing Magic Wormhole with its servers"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet magic-wormhole magic-wormhole-mailbox-server magic-wormhole-transit-relay ||
    { rm -rf -- "$venv"; skipped wormhole "pip could not install it"; }
}

# Go 1.21 and newer fetch the version that a module wants.
go_is_new_enough() {
  version_at_least "$(go env GOVERSION 2>/dev/null | sed 's/^go//')" 1.21
}

need_croc() {
  ! command -v croc >/dev/null && [ ! -x "$tools/bin/croc" ] || return 0
  if offered_by_apt croc; then
    apt_install croc
  elif go_is_new_enough; then
    GOBIN=$tools/bin GOPATH=$tools/go go install -modcacherw github.com/schollz/croc/v10@latest ||
      skipped croc "go could not install it"
  else
    skipped croc "apt has no package of it, and there is no Go 1.21 or newer"
  fi
}

need_system_programs
build
need_rage
need_wormhole
need_croc
