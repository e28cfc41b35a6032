# Sourced by ../cluster: makes all that a start needs. Every step is skipped when its result is there and what it was made of is
# as it was: `made FILE OF...` compares a checksum of OF (files and words) with the one that was written down with FILE.

step() { say "build: $* ($SECONDS s)"; }
recipe() { local each; for each; do if [ -f "$each" ]; then cat "$each"; else echo "$each"; fi; done | sha256sum | cut -d' ' -f1; }
made() { local f=$1; shift; [ -e "$f" ] && [ "$(cat "$f.recipe" 2>/dev/null)" = "$(recipe "$@")" ]; }
note() { local f=$1; shift; recipe "$@" >"$f.recipe"; }

built() { programs && disk_made && made "$COMMON/initrd.cpio" "$INITRD_OF"; }

do_build() {
  local why
  why=$(do_able) || die "this machine cannot run it: $why"
  built && tools && return 0
  MIRROR=${CLUSTER_MIRROR:-$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')} # as this machine's apt has it
  [ -n "$MIRROR" ] || die "apt has no $SUITE source here: set CLUSTER_MIRROR to a Debian mirror's URL"
  exec 8>"$COMMON/lock"; flock -w 3600 8 || die "another \`cluster\` is building"
  trap 'say "build FAILED; a second run goes on from where this one stopped"; tail -qn 5 "$R"/logs/build-*.log >&2' ERR
  build_tools; build_programs; build_kernel; build_images; build_disk; build_initrd
  trap - ERR
  exec 8>&-
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

SLIM=(--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*')
root_of() { # root_of FILE PACKAGES: a root file system with these packages, as a tar
  made "$1" "$2" && return 0
  step "packages into $(basename "$1")"
  mmdebstrap --variant=essential "${SLIM[@]}" --include="$2" $SUITE "$1.new.tar" "deb $MIRROR $SUITE main" </dev/null >"$R/logs/build-root.log" 2>&1
  mv "$1.new.tar" "$1"; note "$1" "$2"
}

build_kernel() {
  [ -e "$COMMON/vmlinuz" ] && return 0
  step "kernel: Debian's linux-image-cloud-amd64"
  local d=$COMMON/kernel p
  rm -rf "$d"; mkdir -p "$d/x"
  p=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ && !n++ {print $2}')
  ( cd "$d"; apt-get -o Acquire::Retries=5 -qq download "$p" busybox-static; dpkg-deb -x "$p"_*.deb x; dpkg-deb -x busybox-static_*.deb x )
  depmod -b "$d/x" "$(ls "$d/x/lib/modules")"
  cp "$d"/x/boot/vmlinuz-* "$COMMON/vmlinuz.new"; mv "$COMMON/vmlinuz.new" "$COMMON/vmlinuz"
}

INITRD_OF="modules virtio_pci virtio_blk, 1"
build_initrd() { # busybox + the disk's drivers; `up` appends a small archive with each node's keys
  local d=$COMMON/initrd m mods
  made "$COMMON/initrd.cpio" "$INITRD_OF" && return 0
  step "initrd"
  rm -rf "$d"; mkdir -p "$d"/{bin,mods,dev,proc,new}
  cp "$COMMON/kernel/x/bin/busybox" "$d/bin/" 2>/dev/null || cp "$COMMON/kernel/x/usr/bin/busybox" "$d/bin/"
  for m in sh mount insmod switch_root cp sleep mkdir cat echo; do ln -s busybox "$d/bin/$m"; done
  mods=$(for m in virtio_pci virtio_blk; do
    modprobe -d "$COMMON/kernel/x" -S "$(ls "$COMMON/kernel/x/lib/modules")" --show-depends --ignore-install $m; done | awk '$1 == "insmod" && !seen[$2]++ {print $2}')
  for m in $mods; do cp "$m" "$d/mods/"; done
  { echo '#!/bin/sh'; echo 'mount -t devtmpfs dev /dev; mount -t proc proc /proc'
    for m in $mods; do echo "insmod /mods/$(basename "$m")"; done
    echo 'i=0; while [ ! -e /dev/vda ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done'
    echo 'mount -t ext4 -o rw,noatime /dev/vda /new; cp -a /node/. /new/; mount -o move /dev /new/dev; mount -o move /proc /new/proc'
    echo 'exec switch_root /new /usr/sbin/node-init'; } >"$d/init"
  chmod +x "$d/init"
  ( cd "$d"; find . | cpio -o -H newc --quiet ) >"$COMMON/initrd.new"
  mv "$COMMON/initrd.new" "$COMMON/initrd.cpio"; note "$COMMON/initrd.cpio" "$INITRD_OF"
}
