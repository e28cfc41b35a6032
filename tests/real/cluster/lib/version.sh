# Sourced by ../cluster and by the benchmarks: which Kubernetes, and what differs between the versions. All of it is data in ../kubernetes.

CACHE=${CLUSTER_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/kubectl-ipvs-rig} # everything built, every key, log and PID file is below
versions() { sed -n 's/^\([0-9][0-9.]*\) .*/\1/p' "$kubernetes/versions"; }
KUBE=${KUBE:-$(versions | head -n 1)}
read -r _ SOURCE GO_LEAST FLAGS < <(grep "^${KUBE//./\\.} " "$kubernetes/versions") ||
  die "no Kubernetes $KUBE here: KUBE is one of $(versions | paste -sd ' ')"
# shellcheck source=/dev/null
. "$kubernetes/flags/$FLAGS"
MINOR=${KUBE#1.} MINOR=${MINOR%%.*}
COMMON=$CACHE/common  # what is the same for every version: kernel, root file systems
BUILT=$CACHE/$KUBE    # what is made for one: programs, images, the nodes' disk
KUBE_PROXY=$REGISTRY/kube-proxy:v$KUBE
