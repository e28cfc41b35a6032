# Sourced by ../cluster: etcd, the API server and its controllers; kubeadm's own kube-proxy addon; the Services.
# What the versions are told otherwise is in ../kubernetes/flags: several words in one variable, which is left unquoted.
# shellcheck disable=SC2086

ports() { # ports SHIFT: on 127.0.0.1; node K's kubelet has KUBELET + K. All move where others have some of them
  API=$((16443 + $1)) ETCD=$((12379 + $1)) CM=$((16257 + $1)) SCHED=$((16259 + $1)) KUBELET=$((10250 + $1))
}
free_ports() { # free_ports N: by how much the ports have to move so that a cluster of N nodes has all of them
  ports 0
  # shellcheck disable=SC2046 # one word each
  python3 "$here/lib/ports.py" $API $ETCD $((ETCD + 1)) $CM $SCHED $(seq $((KUBELET + 1)) $((KUBELET + $1)))
}

apiserver() {
  local f=$R/pki
  # node1.. mean 127.0.0.1 for this process alone: it sees an /etc/hosts of its own
  # shellcheck disable=SC2016
  start apiserver unshare --mount --propagation private sh -c 'mount --bind "$0" /etc/hosts; exec "$@"' "$R/run/hosts" \
    "$R/bin/kube-apiserver" --etcd-servers="http://127.0.0.1:$ETCD" --bind-address=127.0.0.1 --secure-port="$API" $APISERVER_FLAGS --advertise-address=$HOSTIP \
    --service-cluster-ip-range="$SVC_CIDR,$SVC_CIDR6" --client-ca-file="$f/ca.crt" --tls-cert-file="$f/apiserver.crt" --tls-private-key-file="$f/apiserver.key" \
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
    --use-service-account-credentials=true --leader-elect=false --node-monitor-grace-period=25s --allocate-node-cidrs=false --cluster-cidr="$POD_CIDR,$POD_CIDR6" \
    --service-cluster-ip-range="$SVC_CIDR,$SVC_CIDR6" --bind-address=127.0.0.1 --secure-port=$CM $CONTROLLER_FLAGS --cert-dir="$R/run/cm" --v=1
  start scheduler "$R/bin/kube-scheduler" --kubeconfig="$R/pki/scheduler.conf" --authentication-kubeconfig="$R/pki/scheduler.conf" \
    --authorization-kubeconfig="$R/pki/scheduler.conf" --leader-elect=false --bind-address=127.0.0.1 --secure-port=$SCHED $SCHEDULER_FLAGS --cert-dir="$R/run/sched" --v=1
}
addon() { # kubeadm itself writes its ConfigMap, DaemonSet, ServiceAccount and RBAC for kube-proxy
  k -n kube-system get ds kube-proxy >/dev/null 2>&1 && return 0
  cat >"$R/run/kubeadm.yaml" <<E
apiVersion: kubeadm.k8s.io/$KUBEADM_API
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: $HOSTIP, bindPort: $API}
nodeRegistration: {name: rig, criSocket: $CRI_SOCKET}
---
apiVersion: kubeadm.k8s.io/$KUBEADM_API
kind: ClusterConfiguration
kubernetesVersion: v$KUBE
controlPlaneEndpoint: $HOSTIP:$API
networking: {podSubnet: $(families $POD_CIDR $POD_CIDR6), serviceSubnet: $(families $SVC_CIDR $SVC_CIDR6)}
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
E
  "$R/bin/kubeadm" init phase addon kube-proxy --config "$R/run/kubeadm.yaml" --kubeconfig "$R/kubeconfig" >"$R/logs/kubeadm.log" 2>&1 ||
    die "kubeadm: $(tail -n 3 "$R/logs/kubeadm.log")"
}

families() { if [ "$FAMILIES" = dual ]; then echo "$1,$2"; else echo "$1"; fi; } # families IPV4 IPV6: what kube-proxy is given

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
  for i in etcd apiserver controller-manager scheduler switch; do alive "$i" || return 1; done
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
  free_ports "$n" >"$R/run/shift.new" || die "no free ports"
  mv "$R/run/shift.new" "$R/run/shift"
  ports "$(cat "$R/run/shift")"
  pki
  { echo '127.0.0.1 localhost'; for i in 1 2 3 4 5 6 7 8 9; do echo "127.0.0.1 node$i"; done; } >"$R/run/hosts"
  echo "$n" >"$R/run/nodes"
  etcd_start
  switch_start
  for i in $(seq "$n"); do node_start "$i"; done # a kernel boots meanwhile
  apiserver
  until_ok "API server" apiserver k get --raw /readyz
  controllers
  until_ok "service accounts" controller-manager k -n default get serviceaccount default
  addon
  say "the control plane is up, kubeadm's kube-proxy addon is in ($SECONDS s)"
  for i in $(seq "$n"); do until_ok "node$i" "node$i" node_cidr "$i"; done
  for i in $(seq "$n"); do until_ok "node$i" "node$i" k wait --for=condition=Ready --timeout=50s "node/node$i"; done
  until_ok "the Services" apiserver k apply -f "$here/objects/services.yaml" # now: their pods are spread over all nodes
  for i in deployment/hello "-n kube-system deployment/kube-dns"; do until_ok "the pods of $i" apiserver k rollout status --timeout=50s $i; done
  serves "$n"
  say "up: export KUBECONFIG=$R/kubeconfig"
}
do_down() { lock; end_all; say "down"; }
end_all() { # every process of this cluster, those whose PID file is lost too; its objects and its keys
  local i s=()
  for i in 1 2 3 4 5 6 7 8 9; do s+=("node$i"); done
  stop "${s[@]}"; stop switch scheduler controller-manager; stop apiserver; stop etcd
  end_strays
  rm -rf "$R/etcd/etcd" "$R/pki" "$R/run/used" "$R/run/shift"
  mkdir -p "$R/pki"
}
do_apiserver_kill() { kill9 apiserver; }
do_apiserver_start() { DEADLINE=$((SECONDS + UP_LIMIT)); apiserver; until_ok "API server" apiserver k get --raw /readyz; }
