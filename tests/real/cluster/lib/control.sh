# Sourced by ../cluster: etcd, the API server and its controllers; kubeadm's own kube-proxy addon; the Services.

apiserver() {
  local f=$R/pki
  # node1.. mean 127.0.0.1 for this process alone: it sees an /etc/hosts of its own
  # shellcheck disable=SC2016
  start apiserver unshare --mount --propagation private sh -c 'mount --bind "$0" /etc/hosts; exec "$@"' "$R/run/hosts" \
    "$R/bin/kube-apiserver" --etcd-servers="http://127.0.0.1:$ETCD" --bind-address=127.0.0.1 --secure-port="$API" --insecure-port=0 --advertise-address=$HOSTIP \
    --service-cluster-ip-range="$SVC_CIDR,$SVC_CIDR6" --feature-gates="$GATES" --client-ca-file="$f/ca.crt" --tls-cert-file="$f/apiserver.crt" --tls-private-key-file="$f/apiserver.key" \
    --kubelet-client-certificate="$f/kubelet-client.crt" --kubelet-client-key="$f/kubelet-client.key" --kubelet-preferred-address-types=Hostname \
    --service-account-key-file="$f/sa.pub" --service-account-signing-key-file="$f/sa.key" --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --requestheader-client-ca-file="$f/ca.crt" --requestheader-allowed-names=front-proxy-client \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true --cert-dir="$R/run/apiserver" --v=1
}
etcd_start() {
  local url=http://127.0.0.1
  start etcd etcd --name rig --data-dir "$R/etcd/etcd" --listen-client-urls "$url:$ETCD" --advertise-client-urls "$url:$ETCD" \
    --listen-peer-urls "$url:$((ETCD + 1))" --initial-advertise-peer-urls "$url:$((ETCD + 1))" --initial-cluster "rig=$url:$((ETCD + 1))" \
    --unsafe-no-fsync --logger=zap --log-level=warn
  until_ok etcd etcd curl -fsS --noproxy '*' -m 2 "$url:$ETCD/health"
}
controllers() {
  start controller-manager "$R/bin/kube-controller-manager" --kubeconfig="$R/pki/controller-manager.conf" --authentication-kubeconfig="$R/pki/controller-manager.conf" \
    --authorization-kubeconfig="$R/pki/controller-manager.conf" --service-account-private-key-file="$R/pki/sa.key" --root-ca-file="$R/pki/ca.crt" \
    --use-service-account-credentials=true --leader-elect=false --allocate-node-cidrs=true --feature-gates="$GATES" --cluster-cidr="$POD_CIDR,$POD_CIDR6" \
    --service-cluster-ip-range="$SVC_CIDR,$SVC_CIDR6" --bind-address=127.0.0.1 --secure-port=$CM --port=0 --cert-dir="$R/run/cm" --v=1
  start scheduler "$R/bin/kube-scheduler" --kubeconfig="$R/pki/scheduler.conf" --authentication-kubeconfig="$R/pki/scheduler.conf" \
    --authorization-kubeconfig="$R/pki/scheduler.conf" --leader-elect=false --bind-address=127.0.0.1 --secure-port=$SCHED --port=0 --cert-dir="$R/run/sched" --v=1
}
addon() { # kubeadm itself writes its ConfigMap, DaemonSet, ServiceAccount and RBAC for kube-proxy
  k -n kube-system get ds kube-proxy >/dev/null 2>&1 && return 0
  cat >"$R/run/kubeadm.yaml" <<E
apiVersion: kubeadm.k8s.io/v1beta2
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $HOSTIP, bindPort: $API}
nodeRegistration: {name: rig, criSocket: /run/containerd/containerd.sock}
---
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterConfiguration
kubernetesVersion: v$K8S
controlPlaneEndpoint: $HOSTIP:$API
networking: {podSubnet: $POD_CIDR, serviceSubnet: $SVC_CIDR}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
E
  "$R/bin/kubeadm" init phase addon kube-proxy --config "$R/run/kubeadm.yaml" --kubeconfig "$R/kubeconfig" >"$R/logs/kubeadm.log" 2>&1 ||
    die "kubeadm: $(tail -n 3 "$R/logs/kubeadm.log")"
}

do_able() {
  [ "$(id -u)" = 0 ] || { echo "it needs root"; return 1; }
  [ "$(uname -m)" = x86_64 ] || { echo "it needs an x86_64 machine"; return 1; }
  command -v apt-get >/dev/null && grep -q "VERSION_CODENAME=$SUITE" /etc/os-release || { echo "it needs Debian $SUITE"; return 1; }
  unshare --mount --pid --fork true 2>/dev/null || { echo "it needs the right to make namespaces"; return 1; }
}

lock() { exec 9>"$R/run/lock"; flock -w 3600 9 || die "another \`cluster\` is at work"; }

# A cluster of which a part has died, or that a broken run left in a state that no kube-proxy serves, is not mended but
# made anew: nothing in it is worth keeping.
do_up() {
  local n=${1:-$(cat "$R/run/nodes" 2>/dev/null || echo 3)}
  [[ $n =~ ^[1-9]$ ]] || die "up: the number of nodes is 1 to 9, not $n"
  lock
  do_build
  if runs "$n"; then
    DEADLINE=$((SECONDS + 120))
    if ( serves "$n" ); then say "up: export KUBECONFIG=$R/kubeconfig"; return 0; fi
    say "it runs, but does not serve"
  fi
  "$here/cluster" anew "$n" || { do_logs 5 >&2; say "a second try"; "$here/cluster" anew "$n"; }
}
runs() { # runs N: every process of a cluster of N nodes
  local i
  [ "$(cat "$R/run/nodes" 2>/dev/null)" = "$1" ] || return 1
  for i in etcd apiserver controller-manager scheduler; do alive "$i" || return 1; done
  for i in $(seq "$1"); do alive "node$i" || return 1; done
}
serves() { # serves N
  local i
  for i in $(seq "$1"); do until_ok "the table of node$i" "node$i" node_serves "$i"; say "node$i: Ready, its table lists the Service hello ($SECONDS s)"; done
}

do_anew() { # do_anew N: what `up` does with the lock in its hand
  local n=$1 i
  SECONDS=0; DEADLINE=$UP_LIMIT
  end_all
  ports 0
  # shellcheck disable=SC2046 # one word each
  python3 "$here/lib/ports.py" $API $ETCD $((ETCD + 1)) $CM $SCHED $(seq $((KUBELET + 1)) $((KUBELET + n))) >"$R/run/shift.new" || die "no free ports"
  mv "$R/run/shift.new" "$R/run/shift"
  ports "$(cat "$R/run/shift")"
  pki
  { echo '127.0.0.1 localhost'; for i in 1 2 3 4 5 6 7 8 9; do echo "127.0.0.1 node$i"; done; } >"$R/run/hosts"
  echo "$n" >"$R/run/nodes"
  etcd_start
  for i in $(seq "$n"); do node_start "$i"; done # a kernel boots meanwhile
  apiserver
  until_ok "API server" apiserver k get --raw /readyz
  controllers
  until_ok "service accounts" controller-manager k -n default get serviceaccount default
  addon
  until_ok "the Services" apiserver k apply -f "$here/lib/services.yaml"
  say "the control plane is up, kubeadm's kube-proxy addon is in ($SECONDS s)"
  serves "$n"
  say "up: export KUBECONFIG=$R/kubeconfig"
}
do_down() { lock; end_all; say "down"; }
end_all() { # every process of this cluster, those whose PID file is lost too; its objects and its keys
  local i s=()
  for i in 1 2 3 4 5 6 7 8 9; do s+=("node$i"); done
  stop "${s[@]}"; stop scheduler controller-manager; stop apiserver; stop etcd
  end_strays
  rm -rf "$R/etcd/etcd" "$R/pki" "$R/run/used" "$R/run/shift"
  mkdir -p "$R/pki"
}
do_apiserver_kill() { kill9 apiserver; }
do_apiserver_start() { DEADLINE=$((SECONDS + UP_LIMIT)); apiserver; until_ok "API server" apiserver k get --raw /readyz; }
