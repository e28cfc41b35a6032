"""What is in a kube-proxy image beside kube-proxy: the programs that an exec finds. Values only.

Sources: the official image (distroless-iptables from 1.25, with nft from 1.29), EKS's minimal one, k0s's; no image
that anybody ships has ipvsadm. Of the official image's other programs (iptables, grep, ln, rm, sleep, wc) none tells
anything of a table.
"""

NFT_SINCE = (1, 29)
_OFFICIAL = ("cat", "dash", "ipset", "modprobe", "nft", "sh")
IMAGES = {
    "official": _OFFICIAL,
    "ipvsadm": (*_OFFICIAL, "echo", "hostname", "ipvsadm"),
    "eks": ("ipset", "modprobe", "nft"),
    "k0s": ("ipset", "nft"),
}

OTHERS = {"busybox": ("cat", "echo", "hostname", "sh"), "pause": ()}


def programs_of_other(image: str) -> tuple[str, ...]:
    """Return the programs in an image that is not kube-proxy's, by its name without registry and tag."""
    return OTHERS.get(image.rpartition("/")[2].partition(":")[0].partition("@")[0], OTHERS["busybox"])


def programs_of(image: str, release: tuple[int, int]) -> tuple[str, ...]:
    """Return the programs in this image of this release."""
    return tuple(each for each in IMAGES[image] if each != "nft" or release >= NFT_SINCE)
