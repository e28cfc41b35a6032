# Sourced by ../cluster: the images that the nodes have, as docker archives; nothing can be pulled here.

flavours() { printf '%s\n' official ipvsadm eks k0s; }
image_name() { # image_name FLAVOUR: the official one has kubeadm's own name
  if [ "$1" = official ]; then echo "$KUBE_PROXY"; else echo "$REGISTRY/$1/kube-proxy:v$KUBE"; fi
}
PAUSE=registry.k8s.io/pause:3.10 TRAFFIC=registry.k8s.io/traffic:v1

# What each has of the programs of a Debian with iptables, ipset, conntrack, kmod, ipvsadm and nftables (and netbase: without its
# /etc/protocols ipset takes no entry of kube-proxy's, which logs that and goes on, and its own filter refuses every ClusterIP). The official image is
# distroless: what kube-proxy starts, a shell for iptables-wrapper, no ls. EKS's and k0s's have no shell and no cat.
RUNS="xtables-nft-multi xtables-legacy-multi iptables* ip6tables* nft ipset conntrack"
keeps() {
  case $1 in
    ipvsadm) echo '*';;
    official) echo "$RUNS kmod modprobe lsmod insmod dash sh cat chmod grep ln rm sleep wc";;
    eks) echo "$RUNS kmod modprobe";;
    k0s) echo "$RUNS";;
  esac
}
image_of() { printf '%s\n' "$here/lib/image.py" "$(stat -c %s "$R/bin/kube-proxy")" "$COMMON/proxy-root.tar.recipe" "$(keeps "$1")" "$(image_name "$1")"; }

build_images() {
  local f of b=$R/build
  root_of "$COMMON/proxy-root.tar" iptables,ipset,conntrack,kmod,ipvsadm,nftables,netbase
  for f in $(flavours); do
    mapfile -t of < <(image_of "$f")
    made "$b/$f.tar" "${of[@]}" && continue
    step "image $(image_name "$f")"
    python3 "$here/lib/image.py" "$b/$f.tar" "$(image_name "$f")" --add "$R/bin/kube-proxy=/usr/local/bin/kube-proxy" \
      --base "$COMMON/proxy-root.tar" --keep "$(keeps "$f")" --cmd /usr/local/bin/kube-proxy
    note "$b/$f.tar" "${of[@]}"
  done
  build_traffic; build_pause
}
build_traffic() { # our own server and client, in pods and on the nodes
  local t=$COMMON/traffic
  made "$t" "$here"/traffic/* "$TRAFFIC" && [ -e "$t.tar" ] && return 0
  step "traffic"
  ( cd "$here/traffic"; PATH=$PATH:$GO_DEBIAN CGO_ENABLED=0 GOFLAGS='' go build -trimpath -ldflags '-s -w' -o "$t.new" . ) >"$R/logs/build-traffic.log" 2>&1
  mv "$t.new" "$t"
  python3 "$here/lib/image.py" "$t.tar" $TRAFFIC --add "$t=/traffic" --cmd /traffic
  note "$t" "$here"/traffic/* "$TRAFFIC"
}
build_pause() {
  local p=$COMMON/pause
  [ -e "$p.tar" ] && return 0
  step "image pause"
  gcc -Os -static -s -o "$p" -xc - <<'C'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int s) { _exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main(void) { signal(SIGINT, end); signal(SIGTERM, end); signal(SIGCHLD, reap); for (;;) pause(); }
C
  python3 "$here/lib/image.py" "$p.tar" $PAUSE --add "$p=/pause" --cmd /pause
}

do_image() { # restarts every kube-proxy, one after the other, as a change of the DaemonSet does
  flavours | grep -qx -- "${1:-}" || usage
  k -n kube-system set image daemonset/kube-proxy "kube-proxy=$(image_name "$1")"
  timeout "$UP_LIMIT" "$R/bin/kubectl" --kubeconfig "$R/kubeconfig" -n kube-system rollout status daemonset/kube-proxy
}
