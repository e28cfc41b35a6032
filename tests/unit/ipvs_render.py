"""Writes a Table as `ipvsadm -Ln` or /proc/net/ip_vs would print it.

Formats: print_title and print_service_entry in ipvsadm.c 1.31; ip_vs_info_seq_show in the kernel's
net/netfilter/ipvs/ip_vs_ctl.c. Order is that of the table. Unparsed lines are not written. What a format has
no words for is lost: /proc has no scheduler flags, no persistence engine, and for IPv6 no `ops`.
"""

from ipaddress import IPv4Address, ip_address

from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer

_VERSION = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
_HZ = 250  # /proc counts jiffies; 250 a second is what most distributions' kernels are built with


def render_ipvsadm(table: Table) -> str:
    """Give the text of `ipvsadm -Ln`; `persistent ?` where the seconds are unknown."""
    title = _VERSION + "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
    return title + "".join(
        _ipvsadm_service(server) + "".join(map(_ipvsadm_destination, server.real_servers))
        for server in table.virtual_servers
    )


def _ipvsadm_service(server: VirtualServer) -> str:
    words = [f"{server.protocol:<4}", server.address, server.scheduler]
    if server.protocol == "FWM":
        mark = int(server.address)
        signed = mark - (1 << 32) if mark >= 1 << 31 else mark  # printed with %d
        words[1] = f"{signed} IPv6" if server.ipv6 else str(signed)
    if server.flags:
        words.append(f"({','.join(server.flags)})")
    if server.persistent:
        words.append(f"persistent {'?' if server.timeout is None else server.timeout}")
        words += [f"mask {server.netmask}"] * bool(server.netmask)
        words += [f"pe {server.persistence_engine}"] * bool(server.persistence_engine)
    words += ["ops"] * server.one_packet
    return " ".join(words) + "\n"


def _ipvsadm_destination(real: RealServer) -> str:
    return f"  -> {real.address:<28} {_counters(real)}"


def _counters(real: RealServer) -> str:
    return f"{real.forwarding:<7} {real.weight:<6} {real.active:<10} {real.inactive:<10}\n"


def render_proc(table: Table) -> str:
    """Give the text of /proc/net/ip_vs; host names stay as they are, jiffies assume HZ=250, 0 if unknown."""
    title = _VERSION + "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"
    return title + "".join(
        _proc_service(server) + "".join(map(_proc_destination, server.real_servers)) for server in table.virtual_servers
    )


def _proc_service(server: VirtualServer) -> str:
    ops = "ops " if server.one_packet else ""
    if server.protocol == "FWM":
        line = f"FWM  {int(server.address):08X} {server.scheduler} {ops}"
    elif server.ipv6:
        line = f"{server.protocol}  {as_proc(server.address)} {server.scheduler} "
    else:
        line = f"{server.protocol}  {as_proc(server.address)} {server.scheduler} {ops} "
    if server.persistent:
        line += f"persistent {(server.timeout or 0) * _HZ} {_proc_netmask(server)}"
    return line + "\n"


def _proc_netmask(server: VirtualServer) -> str:
    """Write the mask as a little-endian node does: a prefix length lands in the first byte."""
    mask = server.netmask or ("128" if server.ipv6 else "255.255.255.255")
    if "." in mask:
        return "".join(f"{int(part) & 255:02X}" for part in mask.split("."))
    return f"{int(mask) << 24 & 0xFFFFFFFF:08X}"


def _proc_destination(real: RealServer) -> str:
    return f"  -> {as_proc(real.address)}      {_counters(real)}"


def as_proc(address: str) -> str:
    """Write a canonical address as /proc does; text that is no address and port stays as it is."""
    host, _, port = address.rpartition(":")
    try:
        ip = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port)
    except ValueError:
        return address
    digits = ip.packed.hex()
    if isinstance(ip, IPv4Address):
        return f"{digits.upper()}:{number:04X}"
    groups = ":".join(digits[start : start + 4] for start in range(0, 32, 4))
    return f"[{groups}]:{number:04X}"
