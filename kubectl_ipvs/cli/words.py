"""The words of the command line as plain data: what completion offers, loaded without typer.

Made by tools/words.py from the commands themselves: `make format` writes it anew, `make check` compares.
A flag has its parameter's name, its metavar (empty: a switch) and its meaning.
"""

from collections.abc import Mapping

Flags = Mapping[str, tuple[str, str, str]]

COMMANDS: Mapping[str, str] = {
    "get": "Show kube-proxy's mode, scheduler and every ipvs field",
    "status": "Show each node's IPVS table, and which nodes are not in sync",
    "table": "Show each node's table row by row, with Services and Pods",
    "services": "Show each Service port, summed over the nodes: load, skew",
    "set": "Change ipvs fields, restart kube-proxy, verify every node",
    "undo": "Roll the last change back, just as carefully",
    "restart": "Restart kube-proxy a few nodes at a time, verify each",
    "schedulers": "Explain the schedulers, and what kube-proxy makes of them",
    "sandbox": "Start a simulated cluster, to try all of this",
    "completion": "Set up TAB completion (where krew installed the plugin)",
    "version": "Show the versions of plugin, Python and server",
}
GLOBAL: Flags = {
    "--kubeconfig": ("kubeconfig", "FILE", "The kubeconfig file to use."),
    "--context": ("context", "NAME", "The kubeconfig context to use."),
    "--cluster": ("cluster", "NAME", "The kubeconfig cluster to use."),
    "--user": ("user", "NAME", "The kubeconfig user to use."),
    "--server": ("server", "URL", "Address and port of the API server."),
    "-s": ("server", "URL", "Address and port of the API server."),
    "--token": ("token", "TOKEN", "Bearer token for the API server."),
    "--certificate-authority": ("certificate_authority", "FILE", "The certificate authority's certificate."),
    "--client-certificate": ("client_certificate", "FILE", "A client certificate for TLS."),
    "--client-key": ("client_key", "FILE", "The client certificate's key."),
    "--insecure-skip-tls-verify": ("insecure_skip_tls_verify", "", "Do not check the server's certificate."),
    "--tls-server-name": ("tls_server_name", "NAME", "Name that the server's certificate must have."),
    "--username": ("username", "NAME", "User name for basic authentication."),
    "--password": ("password", "WORD", "Password for basic authentication."),
    "--as": ("as_user", "USER", "User to impersonate."),
    "--as-group": ("as_groups", "GROUP", "Group to impersonate; may be given again."),
    "--as-uid": ("as_uid", "UID", "UID to impersonate."),
    "--as-user-extra": ("as_user_extra", "KEY=VALUE", "key=value to impersonate; may be given again."),
    "--request-timeout": ("request_timeout", "TIME", "How long one answer may take; 0: for ever."),
    "--disable-compression": ("disable_compression", "", "Do not ask for compressed answers."),
    "--namespace": ("namespace", "NAME", "kube-proxy's namespace [default: kube-system]; in services: of Services."),
    "-n": ("namespace", "NAME", "kube-proxy's namespace [default: kube-system]; in services: of Services."),
    "--kube-proxy-namespace": (
        "kube_proxy_namespace",
        "NAME",
        "kube-proxy's namespace, in every command. [default: kube-system]",
    ),
    "--selector": ("selector", "LABELS", "Label selector of kube-proxy's pods (not of nodes). [default: found]"),
    "-l": ("selector", "LABELS", "Label selector of kube-proxy's pods (not of nodes). [default: found]"),
    "--daemonset": ("daemon_set", "NAME", "This DaemonSet of kube-proxy's alone. [default: all]"),
    "--configmap": ("config_map", "NAME[/KEY]", "This configuration of kube-proxy's alone. [default: found]"),
    "--concurrency": ("concurrency", "N", "How many nodes are queried in parallel. [default: 48]"),
    "--exec-timeout": ("exec_timeout", "TIME", "How long to wait for one node's table. [default: 10s]"),
    "--read": (
        "read",
        "WAY",
        "How nodes are read: auto, exec, proxy (its own port alone) or helper (pods). [default: auto]",
    ),
    "--helper-image": (
        "helper_image",
        "IMAGE",
        "Read nodes that exec cannot by a pod of this image (with cat and sleep) on each. [default: none]",
    ),
    "-v": ("verbosity", "N", "6: log each request; 7: headers; 8, 9: bodies. [default: 0]"),
    "--v": ("verbosity", "N", "6: log each request; 7: headers; 8, 9: bodies. [default: 0]"),
    "--max-output": ("max_output", "MIB", "Most output read of one node. [default: 64]"),
}
CHANGING: Flags = {
    "--canary": ("canary", "NODE", "The node that goes first, alone; none: no node does. [default: auto]"),
    "--skip": ("skip", "NODE", "Leave this node out; may be given again."),
    "--max-unavailable": (
        "max_unavailable",
        "N|N%",
        "How many nodes may be without kube-proxy at a time. [default: 10%]",
    ),
    "--timeout": ("timeout", "TIME", "How long to wait for a node to be verified. [default: 2m]"),
    "--settle": ("settle", "TIME", "How long a new pod must stay up. [default: 5s]"),
    "--strategy": (
        "strategy",
        "delete|rollout",
        "Delete pods, or let the DaemonSets roll themselves. [default: delete]",
    ),
    "--dry-run": ("dry_run", "none|client|server", "client: show the plan; server: let the API server check it, too."),
    "--force": ("force", "", "Go on in spite of preflight errors that allow it."),
    "--yes": ("yes", "", "Do not ask."),
    "-y": ("yes", "", "Do not ask."),
    "--output": ("output", "FORMAT", "One of: json, yaml."),
    "-o": ("output", "FORMAT", "One of: json, yaml."),
}
FLAGS: Mapping[str, Flags] = {
    "get": {
        "--output": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "-o": ("output", "FORMAT", "One of: wide, json, yaml, name."),
    },
    "status": {
        "--output": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "-o": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "--check": ("check", "", "Exit 5 when a node is out of step, 3 when one is not known."),
        "--watch": ("watch", "", "Look again and again, until Ctrl-C."),
        "-w": ("watch", "", "Look again and again, until Ctrl-C."),
        "--interval": ("interval", "TIME", "How long to wait between two looks."),
    },
    "table": {
        "--output": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "-o": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "--service": ("service", "NAMESPACE/NAME", "Only rows of this Service."),
        "--address": ("address", "IP[:PORT]", "Only virtual servers at, or with a real server at, this address."),
    },
    "services": {
        "--output": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "-o": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "--sort-by": ("sort_by", "active|skew|name", "What the rows are sorted by."),
        "--all-namespaces": ("all_namespaces", "", "Services of all namespaces, as without -n."),
        "-A": ("all_namespaces", "", "Services of all namespaces, as without -n."),
    },
    "set": {
        **CHANGING,
        "--scheduler": ("scheduler", "NAME", "The scheduler; see `kubectl ipvs schedulers`."),
        "--strict-arp": ("strict_arp", "", "No ARP for service addresses (MetalLB)."),
        "--no-strict-arp": ("strict_arp", "", "No ARP for service addresses (MetalLB)."),
        "--sync-period": ("sync_period", "TIME", "Longest time between two checks of all rules."),
        "--min-sync-period": ("min_sync_period", "TIME", "Shortest time between two updates of the rules."),
        "--tcp-timeout": ("tcp_timeout", "TIME", "Drop idle TCP connections after this; 0s keeps the kernel's 15m."),
        "--tcp-fin-timeout": (
            "tcp_fin_timeout",
            "TIME",
            "Drop TCP connections this long after a FIN; 0s: kernel's 2m.",
        ),
        "--udp-timeout": ("udp_timeout", "TIME", "Drop idle UDP flows after this; 0s keeps the kernel's 5m."),
        "--exclude-cidrs": ("exclude_cidrs", "CIDR,...", 'Virtual servers that kube-proxy leaves alone; "": none.'),
        "--no-restart": ("no_restart", "", "Write the configuration, restart nothing."),
        "--no-rollback": ("no_rollback", "", "Stop at a failure, and do not put the old value back."),
    },
    "undo": {
        **CHANGING,
        "--no-restart": ("no_restart", "", "Write the configuration, restart nothing."),
        "--no-rollback": ("no_rollback", "", "Stop at a failure, and do not put the value back."),
    },
    "restart": {
        **CHANGING,
        "--stale": ("stale", "", "Only nodes that are out of step or have not read the configuration."),
    },
    "schedulers": {
        "--output": ("output", "FORMAT", "One of: wide, json, yaml, name."),
        "-o": ("output", "FORMAT", "One of: wide, json, yaml, name."),
    },
    "sandbox": {
        "--nodes": ("nodes", "N", "Nodes."),
        "--services": ("services", "M", "Services beside the usual three."),
        "--endpoints": ("endpoints", "K", "Endpoints of each."),
        "--from": (
            "from_",
            "FILE",
            "A cluster to copy, as `kubectl get ... -o yaml` prints it; may be given again; - is stdin.",
        ),
        "--kubernetes-version": ("version", "VERSION", "The version it behaves as, like v1.37.2."),
        "--mode": ("mode", "MODE", "kube-proxy's mode: ipvs, iptables or nftables."),
        "--image": (
            "image",
            "IMAGE",
            "What kube-proxy's image has in it: official, eks, k0s, or ipvsadm, which nobody ships.",
        ),
        "--fault": (
            "fault",
            "NODE=KIND",
            "What is wrong with a node, or with `cluster`; may be given again. `--fault list` lists the kinds.",
        ),
    },
    "completion": {},
    "version": {
        "--client": ("client", "", "Ask no server."),
        "--output": ("output", "FORMAT", "One of: json, yaml."),
        "-o": ("output", "FORMAT", "One of: json, yaml."),
    },
}
FORMATS: Mapping[str, tuple[str, ...]] = {
    "get": ("wide", "json", "yaml", "name"),
    "status": ("wide", "json", "yaml", "name"),
    "table": ("wide", "json", "yaml", "name"),
    "services": ("wide", "json", "yaml", "name"),
    "set": ("json", "yaml"),
    "undo": ("json", "yaml"),
    "restart": ("json", "yaml"),
    "schedulers": ("wide", "json", "yaml", "name"),
    "version": ("json", "yaml"),
}
SCHEDULERS: Mapping[str, str] = {
    "rr": "round robin",
    "wrr": "weighted round robin",
    "lc": "least connections",
    "wlc": "weighted least connections",
    "sed": "shortest expected delay",
    "nq": "never queue",
    "twos": "power of two choices",
    "sh": "source hashing",
    "mh": "Maglev hashing",
    "dh": "destination hashing (a trap under kube-proxy)",
    "lblc": "locality-based least connections (a trap under kube-proxy)",
    "lblcr": "locality-based least connections with replication (a trap under kube-proxy)",
    "fo": "weighted fail-over (a trap under kube-proxy)",
    "ovf": "weighted overflow (a trap under kube-proxy)",
}
