# Sourced by ../cluster: one QEMU VM a node, in software emulation.

NET=10.0.3 NET6=fd00:10:0:3:: # the nodes' common network; node K is .1K and ::1K
PODS=10.244 PODS6=fd00:10:244  # node K has PODS.K.0/24 and PODS6:K::/64

switch_start() { start switch python3 "$here/lib/switch.py" "$R/run" node1 node2 node3 node4 node5 node6 node7 node8 node9; }

node_serves() { # its kube-proxy is Ready, and its kernel serves hello: by IPVS, or by nftables. For the nodes, "up" means this
  [ "$(k get node "node$1" -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = True ] &&
    [ "$(k -n kube-system get pod -l k8s-app=kube-proxy --field-selector "spec.nodeName=node$1" -o jsonpath='{.items[0].status.conditions[?(@.type=="Ready")].status}')" = True ] &&
    do_sh "$1" 'grep -q ":79D7 " /proc/net/ip_vs || nft list map ip kube-proxy service-nodeports | grep -q 31191'
}
node_cidr() { # what a controller would give it: our routes need to know before
  k patch node "node$1" --type=merge -p "{\"spec\": {\"podCIDR\": \"$PODS.$1.0/24\", \"podCIDRs\": [\"$PODS.$1.0/24\", \"$PODS6:$1::/64\"]}}"
}

node_files() { # node_files K: what the disk, which is the same for all nodes, does not have: keys, settings, PID 1
  local n=node$1 d=$R/run/node$1
  rm -rf "$d"; mkdir -p "$d/node/etc/kubernetes" "$d/node/usr/sbin"
  install -m 755 "$here/guest/init" "$d/node/usr/sbin/node-init"
  install -m 755 "$here/guest/outside" "$d/node/usr/sbin/outside"
  echo "KUBELET_FLAGS='$KUBELET_FLAGS'" >"$d/node/etc/kubernetes/flags"
  cp "$R/pki/ca.crt" "$R/pki/$n-server.crt" "$R/pki/$n-server.key" "$d/node/etc/kubernetes/"
  cp "$R/pki/$n.conf" "$d/node/etc/kubernetes/kubelet.conf"
  cat >"$d/node/etc/kubernetes/kubelet.yaml" <<E
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
port: $((KUBELET + $1))
readOnlyPort: 0
healthzPort: 0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: /etc/kubernetes/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: /etc/kubernetes/$n-server.crt
tlsPrivateKeyFile: /etc/kubernetes/$n-server.key
syncFrequency: 5s
clusterDomain: cluster.local
clusterDNS: [10.96.0.10]
resolvConf: /etc/resolv.conf
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
hairpinMode: hairpin-veth
failSwapOn: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
$KUBELET_CONFIG
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
E
  ( cd "$d"; find node | cpio -o -H newc --quiet ) | cat "$COMMON/initrd.cpio" - >"$d/initrd"
}

# In software emulation the translation of machine code is most of the work. QEMU 7.2 finds a translated block again only at
# the address where it was translated: so every program is to lie where it lay before (norandmaps), and 512 MB keep what a
# node runs. The TSC is read without leaving the emulation, unlike the HPET. Left out of the CPU: what costs more emulated
# than it saves (strings a byte at a time, wide vectors, checks at each way into the kernel). Together: half the CPU of a
# restart, a quarter of that of an exec.
CPU=max,-erms,-avx,-avx2,-f16c,-vaes,-xsave,-smap,-smep,-umip,-pku,-la57,-svm

node_start() { # node_start K: eth0 is a network of its own, with this machine in it; eth1 is the nodes' common one
  local i=$1 n=node$1 ip=$NET.$((10 + $1)) slirp=10.0.2.$((10 + $1)) port=$((KUBELET + $1)) d=$R/run/node$1
  alive "$n" && return 0
  pki_node "$n" "$ip"
  rm -f "$R/run/$n.eth"
  node_files "$i"
  start "$n" qemu-system-x86_64 -accel tcg,thread=multi,tb-size=512 -cpu "$CPU" -smp 1 -m "$MEM" -M pc -nodefaults -no-user-config -display none \
    -kernel "$COMMON/vmlinuz" -initrd "$d/initrd" \
    -append "console=ttyS0 quiet panic=5 apparmor=0 mitigations=off tsc=reliable norandmaps nokaslr node.name=$n node.number=$i node.slirp=$slirp node.net=$NET node.net6=$NET6 node.pods=$PODS node.pods6=$PODS6" -no-reboot \
    -drive "file=$R/build/node.ext4,format=raw,if=none,id=d,snapshot=on,cache=unsafe" -device virtio-blk-pci,drive=d \
    -netdev "user,id=n,ipv6=off,net=10.0.2.0/24,host=$HOSTIP,dhcpstart=10.0.2.100,hostfwd=tcp:127.0.0.1:$port-$slirp:$port" -device "virtio-net-pci,netdev=n,mac=52:54:00:00:00:0$i" \
    -netdev "dgram,id=m,local.type=unix,local.path=$R/run/$n.eth,remote.type=unix,remote.path=$R/run/$n.switch" -device "virtio-net-pci,netdev=m,mac=52:54:00:00:01:0$i" \
    -device virtio-rng-pci -serial "file:$R/logs/$n-console.log" -serial "unix:$d/sh.sock,server=on,wait=off" -monitor none
}

do_node() {
  [[ ${1:-} =~ ^[1-9]$ ]] || usage
  case ${2:-} in
    stop) stop "node$1";;
    kill) kill9 "node$1";;
    start) DEADLINE=$((SECONDS + UP_LIMIT)); node_start "$1"; until_ok "the table of node$1" "node$1" node_serves "$1";;
    *) usage;;
  esac
}
do_sh() { [[ ${1:-} =~ ^[1-9]$ ]] || usage; local n=$1; shift; python3 "$here/lib/serial.py" "$R/run/node$n/sh.sock" "$*"; }

do_traffic() {
  case ${1:-} in
    up)
      k apply -f "$here/objects/traffic.yaml"
      do_sh 3 "outside up"
      DEADLINE=$((SECONDS + UP_LIMIT))
      for i in deployment/traffic daemonset/client; do until_ok "the pods of $i" apiserver k rollout status --timeout=50s "$i"; done;;
    down) k delete -f "$here/objects/traffic.yaml" --ignore-not-found;;
    *) usage;;
  esac
}
