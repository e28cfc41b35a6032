#!/bin/sh
# Installs what `make test-package` uses, outside the checkout: krew's two programs, built at the version and with the
# checksums of tests/package/krew, and actionlint, both with Go's own client; and, as root on Debian, the shells whose
# completion is tested, and shellcheck for actionlint. What cannot be had is said; its tests are skipped then.
cd "$(dirname "$0")/../.." || exit 1
target=${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-ipvs/bin
mkdir -p "$target"

go_install() { # program, package
  if [ -x "$target/$1" ]; then return; fi
  if ! command -v go >/dev/null 2>&1; then echo "$1: not installed, there is no Go" >&2; return; fi
  if ! said=$(GOBIN=$target GOFLAGS=-buildvcs=false go install "$2" 2>&1); then
    echo "$1: not installed: $(echo "$said" | tail -n 1)" >&2
  fi
}

krew() { # program
  if [ "$target/$1" -nt tests/package/krew/go.mod ]; then return; fi
  if ! command -v go >/dev/null 2>&1; then echo "$1: not built, there is no Go" >&2; return; fi
  if ! said=$(cd tests/package/krew && GOFLAGS=-buildvcs=false go build -o "$target/$1" "sigs.k8s.io/krew/cmd/$1" 2>&1); then
    echo "$1: not built: $(echo "$said" | tail -n 1)" >&2
  fi
}

krew krew
krew validate-krew-manifest
go_install actionlint github.com/rhysd/actionlint/cmd/actionlint@latest

missing=
for shell in zsh fish shellcheck; do command -v "$shell" >/dev/null 2>&1 || missing="$missing $shell"; done
[ -e /usr/share/bash-completion/bash_completion ] || missing="$missing bash-completion"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    # shellcheck disable=SC2086 # several packages
    { apt-get update -q && apt-get install -y -q $missing; } >/dev/null 2>&1 || echo "not installed:$missing" >&2
  else
    echo "not installed:$missing (their tests are skipped)" >&2
  fi
fi
exit 0
