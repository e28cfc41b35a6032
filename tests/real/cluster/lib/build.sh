# Sourced by ../cluster: makes the binaries, the kernel and the node disk under $R. Every step is skipped when its result is there.

step() { say "build: $* ($SECONDS s)"; }
GO_BIN=/usr/lib/go-1.19/bin            # Debian's golang-go, whatever other go is on PATH
SUITE=bookworm

# The number in a name goes up when what is made under it changes.
built() { [ -e "$R/bin/kubectl" ] && [ -e "$R/build/vmlinuz" ] && [ -e "$R/build/node.ext4" ] && [ -e "$R/build/.disk-3" ] && [ -e "$R/build/initrd-2.cpio" ]; }

do_build() {
  local why
  why=$(do_able) || die "this machine cannot run it: $why"
  built && tools && return 0
  MIRROR=${CLUSTER_MIRROR:-$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')} # as this machine's apt has it
  [ -n "$MIRROR" ] || die "apt has no $SUITE source here: set CLUSTER_MIRROR to a Debian mirror's URL"
  trap 'say "build FAILED; a second run goes on from where this one stopped"; tail -qn 5 "$R"/logs/build-*.log >&2' ERR
  build_tools; build_binaries; build_kernel; build_images; build_disk; build_initrd
  trap - ERR
}

TOOLS="golang-go etcd-server qemu-system-x86 mmdebstrap e2fsprogs openssl jq rsync gcc libc6-dev make cpio kmod dpkg-dev python3 curl procps util-linux"
tools() { # is everything installed? A cache of built parts may have come to a new machine
  local p
  for p in $TOOLS; do dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || return 1; done
}
build_tools() { # apt's lists are needed by every later step, too
  step "apt-get update"
  apt_get update || die "apt-get update: $(tail -n 3 "$R/logs/apt.log")"
  tools && return 0
  step "apt-get install $TOOLS"
  # shellcheck disable=SC2086 # one word each
  DEBIAN_FRONTEND=noninteractive apt_get install -y --no-install-recommends $TOOLS || die "apt-get install: $(tail -n 3 "$R/logs/apt.log")"
}
apt_get() { # apt-get ... as this machine has it set up; a registry that is busy is asked again
  local i
  for i in 1 2 3; do
    ! apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 "$@" </dev/null >>"$R/logs/apt.log" 2>&1 || return 0
    sleep 5
  done
  return 1
}

# Kubernetes from Debian's source package; its vendored reflect2 crashes when built by Go >= 1.18, Debian's own package of it doesn't.
BINARIES="kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl"
build_binaries() {
  local b todo=() v=k8s.io/kubernetes/vendor/k8s.io
  for b in $BINARIES; do
    [ -x "$R/bin/$b" ] && continue
    if [ -n "${CLUSTER_PREBUILT:-}" ] && [ -x "$CLUSTER_PREBUILT/$b" ]; then install "$CLUSTER_PREBUILT/$b" "$R/bin/$b"; else todo+=("$b"); fi
  done
  [ ${#todo[@]} = 0 ] && return 0
  build_source
  for b in "${todo[@]}"; do
    step "go build $b"
    ( cd "$R/src/gopath/src/k8s.io/kubernetes"
      export GOPATH=$R/src/gopath GO111MODULE=off GOFLAGS= GOPROXY=off CGO_ENABLED=0 PATH=$GO_BIN:$PATH; unset GOROOT
      go build -trimpath -ldflags "-s -w -X $v/component-base/version.gitVersion=v$K8S -X $v/component-base/version.gitMajor=1 -X $v/component-base/version.gitMinor=20 -X $v/component-base/version.gitTreeState=clean -X $v/client-go/pkg/version.gitVersion=v$K8S" \
        -o "$R/bin/$b.new" "k8s.io/kubernetes/cmd/$b"; mv "$R/bin/$b.new" "$R/bin/$b" ) </dev/null >>"$R/logs/build-go.log" 2>&1
  done
}
build_source() {
  [ -e "$R/src/.ready" ] && return 0
  local s=$R/src/kubernetes-$K8S o p
  mkdir -p "$R/src/apt/lists/partial" "$R/src/apt/cache/archives/partial" "$R/src/gopath/src/k8s.io"
  if [ ! -d "$s" ]; then
    step "fetching Debian's source package kubernetes"
    echo "deb-src $MIRROR $SUITE main" >"$R/src/apt/sources.list"
    o=(-o "Dir::Etc::sourcelist=$R/src/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$R/src/apt/lists" -o "Dir::Cache=$R/src/apt/cache")
    apt-get "${o[@]}" -o Acquire::Retries=5 -qq update
    ( cd "$R/src"; apt-get "${o[@]}" -o Acquire::Retries=5 -qq source --download-only kubernetes; rm -rf "$s.new"; mkdir "$s.new"
      tar -xzf kubernetes_*.orig.tar.gz --strip-components=1 -C "$s.new" )
    mv "$s.new" "$s"
  fi
  ln -sfn "$s" "$R/src/gopath/src/k8s.io/kubernetes"
  step "vendored reflect2 <- golang-github-modern-go-reflect2-dev"
  ( cd "$R/src"; rm -rf r2 golang-github-modern-go-reflect2-dev_*; apt-get -o Acquire::Retries=5 -qq download golang-github-modern-go-reflect2-dev
    dpkg-deb -x golang-github-modern-go-reflect2-dev_*.deb r2; p=$s/vendor/github.com/modern-go/reflect2
    rm -f "$p"/*.go "$p"/*.s; cp r2/usr/share/gocode/src/github.com/modern-go/reflect2/*.[gs]* "$p"; rm -f "$p"/*_test.go "$p"/go.mod )
  # 1.20.0-1.20.2 hold a deleted pod back until the sandbox GC's next round, up to a minute; later versions don't
  sed -i 's/if len(runtimeStatus.SandboxStatuses) > 0 {/if false \&\& len(runtimeStatus.SandboxStatuses) > 0 {/' "$s/pkg/kubelet/kubelet_pods.go"
  step "make generated_files"
  ( cd "$R/src/gopath/src/k8s.io/kubernetes"
    export GOPATH=$R/src/gopath GO111MODULE=off GOFLAGS= CGO_ENABLED=0 PATH=$GO_BIN:$PATH; unset GOROOT
    make generated_files ) >"$R/logs/build-gen.log" 2>&1
  touch "$R/src/.ready"
}

build_kernel() {
  [ -e "$R/build/vmlinuz" ] && return 0
  step "kernel: Debian's linux-image-cloud-amd64"
  local d=$R/build/kernel p
  rm -rf "$d"; mkdir -p "$d/x"
  p=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ && !n++ {print $2}')
  ( cd "$d"; apt-get -o Acquire::Retries=5 -qq download "$p" busybox-static; dpkg-deb -x "$p"_*.deb x; dpkg-deb -x busybox-static_*.deb x )
  depmod -b "$d/x" "$(ls "$d/x/lib/modules")"
  cp "$d"/x/boot/vmlinuz-* "$R/build/vmlinuz.new"; mv "$R/build/vmlinuz.new" "$R/build/vmlinuz"
}

SLIM=(--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*')
LEGACY='for i in iptables ip6tables; do chroot "$1" update-alternatives --set $i /usr/sbin/$i-legacy; done'
kube_proxy_image() { # kube_proxy_image FILE NAME [OPTION...]
  python3 "$here/lib/image.py" "$R/build/$1" "$2" --base "$R/build/kp-root.tar" --add "$R/bin/kube-proxy=/usr/local/bin/kube-proxy" --cmd /usr/local/bin/kube-proxy "${@:3}"
}
build_images() { # the images a node needs, as docker archives; nothing can be pulled here
  local b=$R/build
  if [ ! -e "$b/kube-proxy.tar" ] || [ ! -e "$b/kp-root.tar" ]; then
    step "image kube-proxy"
    mmdebstrap --variant=essential "${SLIM[@]}" --include=iptables,ipset,conntrack,kmod,ipvsadm --customize-hook="$LEGACY" \
      $SUITE "$b/kp-root.tar" "deb $MIRROR $SUITE main" </dev/null >"$R/logs/build-kp.log" 2>&1
    kube_proxy_image kube-proxy.tar "k8s.gcr.io/kube-proxy:v$K8S"
  fi
  [ -e "$b/stock.tar" ] || kube_proxy_image stock.tar "k8s.gcr.io/stock/kube-proxy:v$K8S" --without ipvsadm
  if [ ! -e "$b/pause.tar" ]; then
    step "image pause"
    gcc -Os -static -s -o "$b/pause" -xc - <<'C'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, end); signal(SIGTERM, end); signal(SIGCHLD, reap); for (;;) pause(); }
C
    python3 "$here/lib/image.py" "$b/pause.tar" k8s.gcr.io/pause:3.2 --add "$b/pause=/pause" --cmd /pause
  fi
}

build_disk() { # one ext4 image for all nodes; a VM writes to a snapshot of it that is gone when it stops
  local b=$R/build n=$R/build/node i
  [ -e "$b/.disk-3" ] && [ -e "$b/node.ext4" ] && return 0
  for i in 1 2 3 4 5 6 7 8 9; do ! alive "node$i" || die "the node disk is to be made anew: \`cluster down\` first"; done
  step "node root"
  [ -e "$b/node-root-2.tar" ] || { mmdebstrap --variant=essential "${SLIM[@]}" \
    --include=containerd,runc,crun,iptables,ipset,conntrack,kmod,ipvsadm,iproute2,containernetworking-plugins,procps,mount,python3-minimal \
    --customize-hook="$LEGACY" $SUITE "$b/new.tar" "deb $MIRROR $SUITE main" </dev/null >"$R/logs/build-node.log" 2>&1; mv "$b/new.tar" "$b/node-root-2.tar"; }
  rm -rf "$n"; mkdir -p "$n"
  tar -xf "$b/node-root-2.tar" -C "$n" --exclude='./dev/*'
  rsync -a "$b/kernel/x/lib/modules" "$n/lib/"
  install "$R/bin/kubelet" "$n/usr/local/bin/kubelet"
  install -D -m 644 "$here/guest/containerd.toml" "$n/etc/containerd/config.toml"
  mkdir -p "$n"/{etc/kubernetes,etc/cni/net.d,var/lib/kubelet,var/log,opt/cni,sys,proc,dev,run,tmp}
  : >"$n/etc/resolv.conf"; : >"$n/etc/fstab"
  step "images into the node's containerd"
  mkdir "$n/import"; ln "$b"/{kube-proxy,stock,pause}.tar "$n/import/"
  # a containerd of the same root, run here in namespaces of its own, unpacks them once for all nodes
  unshare --mount --pid --fork --kill-child --propagation private chroot "$n" /bin/sh -ec '
    export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    mount -t proc proc /proc; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9
    containerd >/tmp/log 2>&1 & p=$!
    i=0; until ctr version >/dev/null 2>&1; do i=$((i+1)); [ $i -lt 60 ] || { cat /tmp/log; exit 1; }; sleep 0.5; done
    for i in pause kube-proxy stock; do ctr -n k8s.io images import /import/$i.tar; done
    ctr -n k8s.io images ls -q; sync; kill $p; wait $p || true' >"$R/logs/build-import.log" 2>&1
  rm -rf "$n/import" "$n"/dev/*
  step "node disk"
  rm -f "$b/node.new"; truncate -s 2G "$b/node.new"
  mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$n" "$b/node.new"
  rm -rf "$n"; mv "$b/node.new" "$b/node.ext4"; touch "$b/.disk-3"
}

build_initrd() { # busybox + the disk's drivers; `up` appends a small archive with each node's keys
  local d=$R/build/initrd m mods
  [ -e "$R/build/initrd-2.cpio" ] && return 0
  step "initrd"
  rm -rf "$d"; mkdir -p "$d"/{bin,mods,dev,proc,new}
  cp "$R/build/kernel/x/bin/busybox" "$d/bin/" 2>/dev/null || cp "$R/build/kernel/x/usr/bin/busybox" "$d/bin/"
  for m in sh mount insmod switch_root cp sleep mkdir cat echo; do ln -s busybox "$d/bin/$m"; done
  mods=$(for m in virtio_pci virtio_blk; do
    modprobe -d "$R/build/kernel/x" -S "$(ls "$R/build/kernel/x/lib/modules")" --show-depends --ignore-install $m; done | awk '$1 == "insmod" && !seen[$2]++ {print $2}')
  for m in $mods; do cp "$m" "$d/mods/"; done
  { echo '#!/bin/sh'; echo 'mount -t devtmpfs dev /dev; mount -t proc proc /proc'
    for m in $mods; do echo "insmod /mods/$(basename "$m")"; done
    echo 'i=0; while [ ! -e /dev/vda ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done'
    echo 'mount -t ext4 -o rw,noatime /dev/vda /new; cp -a /node/. /new/; mount -o move /dev /new/dev; mount -o move /proc /new/proc'
    echo 'exec switch_root /new /usr/sbin/node-init'; } >"$d/init"
  chmod +x "$d/init"
  ( cd "$d"; find . | cpio -o -H newc --quiet ) >"$R/build/initrd.new"
  mv "$R/build/initrd.new" "$R/build/initrd-2.cpio"
}

