# Sourced by ../cluster: says in one line why this machine cannot run it.

SUITE=bookworm
ROOM=3000 ROOM_TO_BUILD=14000 # MiB of disk: node snapshots and logs; sources, Go's caches, programs and disks

do_able() {
  [ "$(id -u)" = 0 ] || { echo "it needs root"; return 1; }
  [ "$(uname -m)" = x86_64 ] || { echo "it needs an x86_64 machine"; return 1; }
  command -v apt-get >/dev/null && grep -q "VERSION_CODENAME=$SUITE" /etc/os-release || { echo "it needs Debian $SUITE"; return 1; }
  unshare --mount --pid --fork true 2>/dev/null || { echo "it needs the right to make namespaces"; return 1; }
  able_room && able_qemu && able_ports && able_go
}

able_room() {
  local free need=$ROOM
  built || need=$ROOM_TO_BUILD
  free=$(df --output=avail -BM "$R" | tail -n 1 | tr -dc 0-9)
  [ "$free" -ge "$need" ] || { echo "it needs $need MB of disk below $CACHE, which has $free"; return 1; }
}

able_qemu() { # it is installed with the rest, where apt knows it
  command -v qemu-system-x86_64 >/dev/null && return 0
  apt-cache show qemu-system-x86 >/dev/null 2>&1 && return 0
  apt_get update && apt-cache show qemu-system-x86 >/dev/null 2>&1 || { echo "QEMU is missing, and apt has no package qemu-system-x86"; return 1; }
}

able_ports() {
  alive apiserver || free_ports 3 >/dev/null 2>&1 || { echo "its ports on 127.0.0.1 are taken: $API and others, and those 100 to 900 higher"; return 1; }
}

able_go() { # only what is still to be built needs it
  local found why
  if programs || [ "$SOURCE" != module ]; then return 0; fi
  found=$(go_version)
  [ -n "$found" ] || { echo "Kubernetes $KUBE needs Go $GO_LEAST or newer on PATH, and there is none"; return 1; }
  at_least "$found" "$GO_LEAST" || { echo "Kubernetes $KUBE needs Go $GO_LEAST or newer, and $(command -v go) is $found"; return 1; }
  why=$(cd "$kubernetes/$KUBE" && GOFLAGS=-mod=readonly GOTOOLCHAIN=local timeout 300 go mod download k8s.io/kubernetes 2>&1) ||
    { echo "the Go module proxy has no k8s.io/kubernetes v$KUBE: $(tail -n 1 <<<"$why" | cut -c1-200)"; return 1; }
}
go_version() { (cd / && GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true) | sed 's/^go//; s/[^0-9.].*//'; }
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }
