# Sourced by ../cluster: the programs of Kubernetes, from the Go module or from Debian's source package.

PROGRAMS="kube-proxy kube-apiserver kube-controller-manager kube-scheduler kubelet kubeadm kubectl"
GO_DEBIAN=/usr/lib/go-1.19/bin # Debian's golang-go, whatever other go is on PATH

programs() { local b; for b in $PROGRAMS; do [ -x "$R/bin/$b" ] || return 1; done; }

build_programs() {
  local b
  programs && return 0
  "source_$SOURCE"
  for b in $PROGRAMS; do
    [ -x "$R/bin/$b" ] && continue
    step "go build $b $KUBE"
    "go_$SOURCE" "$b" </dev/null >>"$R/logs/build-go.log" 2>&1
    mv "$R/bin/$b.new" "$R/bin/$b"
  done
}

stamped() { # stamped PREFIX: the linker's flags that tell a program its version
  local v=$1/component-base/version
  echo "-s -w -X $v.gitVersion=v$KUBE -X $v.gitMajor=1 -X $v.gitMinor=$MINOR -X $v.gitTreeState=clean -X $1/client-go/pkg/version.gitVersion=v$KUBE"
}

# -mod=readonly: go.mod and go.sum stay as they are, and each module's checksum is compared with go.sum. The programs are
# named, not the package of tools.go: Go refuses to list one that imports programs.
source_module() {
  step "Go modules of Kubernetes $KUBE"
  ( cd "$kubernetes/$KUBE"; export GOFLAGS=-mod=readonly GOTOOLCHAIN=local
    # shellcheck disable=SC2046 # one word each
    for i in 1 2 3; do go list -deps $(printf 'k8s.io/kubernetes/cmd/%s ' $PROGRAMS) >/dev/null && exit 0; sleep 5; done; exit 1 ) </dev/null >"$R/logs/build-go.log" 2>&1
}
go_module() { ( cd "$kubernetes/$KUBE"; CGO_ENABLED=0 GOFLAGS=-mod=readonly GOTOOLCHAIN=local go build -trimpath -ldflags "$(stamped k8s.io)" -o "$R/bin/$1.new" "k8s.io/kubernetes/cmd/$1" ); }

go_debian() {
  ( cd "$R/src/gopath/src/k8s.io/kubernetes"
    export GOPATH=$R/src/gopath GO111MODULE=off GOFLAGS= GOPROXY=off CGO_ENABLED=0 PATH=$GO_DEBIAN:$PATH; unset GOROOT
    go build -trimpath -ldflags "$(stamped k8s.io/kubernetes/vendor/k8s.io)" -o "$R/bin/$1.new" "k8s.io/kubernetes/cmd/$1" )
}
source_debian() { # its vendored reflect2 crashes when built by Go >= 1.18, Debian's own package of it doesn't
  [ -e "$R/src/.ready" ] && return 0
  local s=$R/src/kubernetes-$KUBE o p
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
    export GOPATH=$R/src/gopath GO111MODULE=off GOFLAGS= CGO_ENABLED=0 PATH=$GO_DEBIAN:$PATH; unset GOROOT
    make generated_files ) >"$R/logs/build-gen.log" 2>&1
  touch "$R/src/.ready"
}
