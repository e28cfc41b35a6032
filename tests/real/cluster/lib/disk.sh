# Sourced by ../cluster: one ext4 image for all nodes of a version; a VM writes to a snapshot of it that is gone when it stops.

ON_NODE=containerd,runc,crun,iptables,nftables,ipset,conntrack,kmod,ipvsadm,iproute2,containernetworking-plugins,procps,mount,python3-minimal
disk_of() {
  local f
  printf '%s\n' "$here/lib/disk.sh" "$here/guest/containerd.toml" "$ON_NODE" "$(stat -c %s "$R/bin/kubelet")" "$here"/traffic/*
  for f in $(flavours); do image_of "$f"; done
}
disk_made() { local -a of; mapfile -t of < <(disk_of); made "$R/build/node.ext4" "${of[@]}"; }

build_disk() {
  local b=$R/build n=$R/build/node i of
  disk_made && return 0
  for i in 1 2 3 4 5 6 7 8 9; do ! alive "node$i" || die "the node disk is to be made anew: \`cluster down\` first"; done
  root_of "$COMMON/node-root.tar" $ON_NODE
  step "node root"
  rm -rf "$n"; mkdir -p "$n"
  tar -xf "$COMMON/node-root.tar" -C "$n" --exclude='./dev/*'
  rsync -a "$COMMON/kernel/x/lib/modules" "$n/lib/"
  install "$R/bin/kubelet" "$n/usr/local/bin/kubelet"
  install "$COMMON/traffic" "$n/usr/local/bin/traffic"
  install -D -m 644 "$here/guest/containerd.toml" "$n/etc/containerd/config.toml"
  mkdir -p "$n"/{etc/kubernetes,etc/cni/net.d,var/lib/kubelet,var/log,opt/cni,sys,proc,dev,run,tmp}
  : >"$n/etc/resolv.conf"; : >"$n/etc/fstab"
  step "images into the node's containerd"
  mkdir "$n/import"; for i in $(flavours); do ln "$b/$i.tar" "$n/import/"; done; ln "$COMMON"/{traffic,pause}.tar "$n/import/"
  # a containerd of the same root, run here in namespaces of its own, unpacks them once for all nodes
  unshare --mount --pid --fork --kill-child --propagation private chroot "$n" /bin/sh -ec '
    export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    mount -t proc proc /proc; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp; mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9
    containerd >/tmp/log 2>&1 & p=$!
    i=0; until ctr version >/dev/null 2>&1; do i=$((i+1)); [ $i -lt 60 ] || { cat /tmp/log; exit 1; }; sleep 0.5; done
    for i in /import/*.tar; do ctr -n k8s.io images import $i; done
    ctr -n k8s.io images ls -q; sync; kill $p; wait $p || true' >"$R/logs/build-import.log" 2>&1
  rm -rf "$n/import" "$n"/dev/*
  step "node disk"
  rm -f "$b/node.new"; truncate -s 4G "$b/node.new"
  mke2fs -q -F -t ext4 -O ^has_journal -m 0 -d "$n" "$b/node.new"
  rm -rf "$n"; mv "$b/node.new" "$b/node.ext4"
  mapfile -t of < <(disk_of); note "$b/node.ext4" "${of[@]}"
}
