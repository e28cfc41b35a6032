"""The configurations and command lines that kube-proxy is asked about: recorded/kube-proxy.jsonl has its answers.

Each case is one question: a text, or flags. What tests/real/test_judge.py finds belongs here, so that every version
answers it. Of flags, those that stand for the mode, the feature gates and the fields of `ipvs:` are asked about: which
others a release has is known by the pods that run with them.
"""

# ruff: noqa: E501, S104 - tables of values; 0.0.0.0 is a text here, nothing listens

from collections.abc import Iterator
from typing import TypeAlias

HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
Case: TypeAlias = "str | list[str]"  # a text, or the words behind the program's name

# A value as YAML writes it. Scalars that readers of YAML do not agree on are there each in one form at least.
NULLS = ("", "null", "~", "Null", "''")
BOOLEANS = ("true", "false", "True", "TRUE", "yes", "No", "on", "OFF", "y", "N", "'true'", '"no"', "truE")
NUMBERS = ("0", "5", "-1", "+1", "1.5", "10.0", "1e3", "1E400", ".5", "5.", "-0", "0x10", "0b11", "0o17", "017", "08",
           "1_000", "1:30", "1:30.5", ".inf", "-.Inf", ".nan", "2147483647", "2147483648", "-2147483649",
           "18446744073709551616", "1e2", "'5'")  # fmt: skip
TEXTS = ("lc", "a b", '"lc "', "2020-01-01", "2020-01-01T10:00:00Z", "=", "'<<'", "!!str 5", "!!str true", "!!int '5'",
         "!!float 5", "!!binary bGM=", "! 5", "|\n    lc", ">-\n    lc", '"\\u006cc"', "l\u00e7", "'10.0.0.0/8'")  # fmt: skip
SHAPES = ("[]", "{}", "[lc]", "{a: b}", "[null]", "[[a]]")
DURATIONS = ("30s", "1m0s", "1m30s", "'30s'", "500ms", "0s", "'0'", "-0s", "+5s", "-5s", "--5s", ".5s", "5.s", "1.5h",
             "1h1h", "1s1m", "1d", "1H", "30 s", "s", "' 30s'", "1us", "1\u00b5s", "1\u03bcs", "1ns", "0.4ns", "29s",
             "31s", "2562047h", "2562048h", "9223372036854775807ns", "9223372036854775808ns",
             "-9223372036854775808ns", "1e3s", "1_0s", "infinity", "0.00000000000000000001h")  # fmt: skip
CIDRS = ("[10.0.0.0/8]", "['10.0.0.0/8', 'fd00::/8']", "[10.1.2.3/8]", "[10.0.0.0]", "['']", "[10.0.0.0/33]",
         "[10.0.0.0/08]", "[10.0.0/8]", "[010.0.0.0/8]", "['::/0']", "['::1/129']", "['::ffff:10.0.0.0/104']",
         "['fe80::1%eth0/64']", "[10.0.0.0/-1]", "[10.0.0.0/ 8]", "[' 10.0.0.0/8']", "[10.0.0.0/8, 10.0.0.0/8]",
         "[5]", "[true]", "[2020-01-01]", "[10.0.0.0/8, null]", "[10.0.0.0/8/8]", "[10.0.0.0/+8]",
         "[10.0.0.0/255.0.0.0]", "['1::2::3/64']", "['::10.0.0.0/100']", "['::/000']", "10.0.0.0/8")  # fmt: skip
ALL = tuple(dict.fromkeys((*NULLS, *BOOLEANS, *NUMBERS, *TEXTS, *SHAPES)))
SHORT = ("", "''", "true", "5", "1.5", "'5'", "lc", "30s", "[]", "{}", "[5]", "{a: true}")
SOME = ("", "''", "true", "on", "'true'", "0", "5", "1.5", "1e3", "'5'", "2147483648", "lc", "2020-01-01", "0s", "'0'", "30s",
        "1:30", "[]", "{}", "[lc]", "[5]", "{a: true}", "{a: b}")  # fmt: skip

IPVS = ("scheduler", "strictARP", "syncPeriod", "minSyncPeriod", "tcpTimeout", "tcpFinTimeout", "udpTimeout",
        "excludeCIDRs")  # fmt: skip
PERIODS = IPVS[2:7]
OTHERS = (
    "apiVersion", "kind", "featureGates", "clientConnection", "clientConnection.kubeconfig",
    "clientConnection.acceptContentTypes", "clientConnection.contentType", "clientConnection.qps",
    "clientConnection.burst", "logging", "logging.format", "logging.flushFrequency", "logging.verbosity",
    "hostnameOverride", "bindAddress",
    "healthzBindAddress", "metricsBindAddress", "bindAddressHardFail", "enableProfiling", "showHiddenMetricsForVersion",
    "iptables", "iptables.masqueradeBit", "iptables.masqueradeAll", "iptables.localhostNodePorts",
    "iptables.syncPeriod", "iptables.minSyncPeriod", "ipvs", "nftables", "nftables.masqueradeBit",
    "nftables.masqueradeAll", "nftables.syncPeriod", "nftables.minSyncPeriod", "winkernel", "winkernel.networkName",
    "winkernel.sourceVip", "winkernel.enableDSR", "winkernel.rootHnsEndpointName", "winkernel.forwardHealthCheckVip",
    "detectLocalMode", "detectLocal", "detectLocal.bridgeInterface", "detectLocal.interfaceNamePrefix", "clusterCIDR",
    "nodePortAddresses", "oomScoreAdj", "conntrack", "conntrack.max", "conntrack.maxPerCore", "conntrack.min",
    "conntrack.tcpEstablishedTimeout", "conntrack.tcpCloseWaitTimeout", "conntrack.tcpBeLiberal",
    "conntrack.udpTimeout", "conntrack.udpStreamTimeout", "configSyncPeriod", "portRange", "udpIdleTimeout",
    "resourceContainer", "windowsRunAsService", "metadata", "status",
)  # fmt: skip
# What only the validation refuses, or not: of any section, in the mode that is named.
VALIDATED = {
    "bindAddress": ("''", "0.0.0.0", "'::'", "'::1'", "1.2.3", "1.2.3.4:5", "01.2.3.4", "localhost", "' 1.2.3.4'"),
    "healthzBindAddress": ("''", "0.0.0.0", "0.0.0.0:10256", "'[::]:1'", "'::'", "':1'", "1.2.3.4:x", "1.2.3.4:65536",
                           "1.2.3.4:0", "a:1", "localhost:1", "'[::1]'", "1.2.3.4:http"),
    "metricsBindAddress": ("''", "127.0.0.1", "127.0.0.1:10249", "'[::]:1'", "'::'", "':1'", "1.2.3.4:x",
                           "1.2.3.4:65536", "1.2.3.4:0", "a:1"),
    "clusterCIDR": ("''", "10.0.0.0/8", "'10.0.0.0/8,fd00::/8'", "'10.0.0.0/8,10.1.0.0/16'", "10.0.0.0", "x",
                    "'10.0.0.0/8, fd00::/8'", "'10.0.0.0/8,fd00::/8,fd01::/8'", "'10.0.0.0/8,'", "'fd00::/8,fd01::/8'"),
    "nodePortAddresses": ("[10.0.0.0/8]", "[10.0.0.0]", "['']", "[primary]", "[primary, 10.0.0.0/8]",
                          "[10.0.0.0/8, 10.0.0.0/8]", "['::/0']", "[null]"),
    "oomScoreAdj": ("-1000", "-1001", "1000", "1001", "0"),
    "configSyncPeriod": ("0s", "-1s", "1ns", "15m"),
    "hostnameOverride": ("''", "a", "A", "'a b'"),
    "portRange": ("''", "1-2", "2-1", "x", "80", "1+5", "1-65536", "0-0", "-1", "'80-'", "'1 - 2'"),
    "detectLocalMode": ("''", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix", "LocalModeX",
                        "clusterCIDR"),
    "showHiddenMetricsForVersion": ("''", "'1.36'", "'1.35'", "'1.33'", "'1.19'", "'1.0'", "x", "v1.36", "'1.36.0'"),
    "udpIdleTimeout": ("0s", "-1s", "250ms"),
    "conntrack": ("{max: -1}", "{maxPerCore: -1}", "{min: -1}", "{tcpEstablishedTimeout: -1s}",
                  "{tcpCloseWaitTimeout: -1s}", "{tcpEstablishedTimeout: 0s}", "{udpTimeout: -1s}",
                  "{udpStreamTimeout: -1s}", "{maxPerCore: 0, min: 0}"),
    "iptables": ("{masqueradeBit: 32}", "{masqueradeBit: 31}", "{masqueradeBit: -1}", "{masqueradeBit: 0}",
                 "{syncPeriod: -1s}", "{minSyncPeriod: -1s}", "{syncPeriod: 1s, minSyncPeriod: 2s}",
                 "{syncPeriod: 500ms}", "{minSyncPeriod: 31s}", "{syncPeriod: 1s, minSyncPeriod: 1s}"),
    "nftables": ("{masqueradeBit: 32}", "{masqueradeBit: -1}", "{syncPeriod: -1s}", "{minSyncPeriod: -1s}",
                 "{syncPeriod: 1s, minSyncPeriod: 2s}", "{syncPeriod: 500ms}"),
    "clientConnection": ("{burst: -1}", "{burst: 0}", "{qps: -1}", "{contentType: x}", "{qps: 1e40}",
                         "{kubeconfig: /none}", "{acceptContentTypes: x}"),
    "winkernel": ("{networkName: x}", "{enableDSR: true}"),
    "logging": ("{format: json}", "{format: text}", "{format: xml}", "{format: ''}", "{flushFrequency: 5s}",
                "{flushFrequency: 5}", "{flushFrequency: -1s}", "{verbosity: 2}", "{verbosity: -1}", "{unknown: 1}",
                "{vmodule: []}", "{vmodule: [{filePattern: a, verbosity: 1}]}", "{options: {}}",
                "{options: {json: {infoBufferSize: '0'}}}", "{options: {text: {infoBufferSize: '0'}}}",
                "{sanitization: true}"),
    "featureGates": ("{AllAlpha: true}", "{AllBeta: false}", "{AllAlpha: false, AllBeta: true}", "{Nonsense: true}",
                     "{KubeProxyIPVS: true}", "{KubeProxyIPVS: false}", "{NFTablesProxyMode: true}",
                     "{NFTablesProxyMode: false}", "{SupportIPVSProxyMode: true}", "{IPv6DualStack: true}",
                     "{EndpointSlice: true}", "{EndpointSliceProxying: true}", "{EndpointSliceProxying: false}",
                     "{ServiceTopology: true}", "{ContextualLogging: true}", "{ContextualLogging: false}",
                     "{AllAlpha: null}", "{}", "{'': true}", "{KubeProxyIPVS: 'true'}", "{true: true}", "{5: true}"),
    "mode": ("''", "ipvs", "iptables", "nftables", "userspace", "kernelspace", "IPVS", "'ipvs '", "ebpf"),
}  # fmt: skip

LOGGING = (
    "options: {text: {infoBufferSize: '5'}}", "options: {json: {infoBufferSize: '5'}}", "options: {text: {infoBufferSize: 0}}",
    "options: {text: {infoBufferSize: 0Ki}}", "options: {text: {infoBufferSize: ''}}", "options: {text: {infoBufferSize: '-1'}}",
    "options: {json: {infoBufferSize: 1.5}}", "verbosity: 3, vmodule: [{filePattern: a, verbosity: 3}]",
    "vmodule: [{filePattern: 'a=b', verbosity: 3}]", "vmodule: [{filePattern: 'a,b', verbosity: 3}]",
    "vmodule: [{filePattern: '', verbosity: 3}]", "format: json, vmodule: [{filePattern: a, verbosity: 3}]",
    "format: json, vmodule: []", "vmodule: [{verbosity: 3}]", "vmodule: [null]", "vmodule: [3]", "vmodule: 3",
    "vmodule: [{filePattern: 3}]", "vmodule: [{filePattern: a, verbosity: -1}]", "vmodule: [{filePattern: a, x: 3}]",
    "vmodule: [{filePattern: a, verbosity: 4294967295}]", "vmodule: [{filePattern: a, verbosity: null}]",
)  # fmt: skip
GATED_LOGGING = (
    ("LoggingAlphaOptions: true", "options: {text: {infoBufferSize: '5'}}"),
    ("LoggingAlphaOptions: true", "options: {text: {infoBufferSize: '-5'}}"),
    ("AllAlpha: true", "options: {text: {infoBufferSize: '5'}}"),
    ("LoggingBetaOptions: false", "format: json"),
    ("LoggingBetaOptions: false", "format: text, vmodule: [{filePattern: a, verbosity: 1}]"),
)

PAIRS = (  # several fields of `ipvs:` that are judged together
    "{minSyncPeriod: 30s}", "{minSyncPeriod: 31s}", "{syncPeriod: 5s, minSyncPeriod: 5s}",
    "{syncPeriod: 5s, minSyncPeriod: 5001ms}", "{syncPeriod: 0s, minSyncPeriod: 31s}",
    "{syncPeriod: 0s, minSyncPeriod: 0s}", "{syncPeriod: -1s, minSyncPeriod: -2s}", "{minSyncPeriod: -1s}",
    "{syncPeriod: 500ms}", "{scheduler: foo}", "{scheduler: mh}", "{scheduler: twos}", "{scheduler: RR}",
    "{scheduler: rr, strictARP: true, excludeCIDRs: [10.0.0.0/8], tcpTimeout: 1s, tcpFinTimeout: 2s, udpTimeout: 3s}",
    "{Scheduler: lc}", "{scheduler: lc, Scheduler: sh}", "{SCHEDULER: lc, strictArp: true, syncperiod: 5s}",
    "{scheduler: lc, scheduler: sh}", "{unknown: 1}", "{5: x}", "{true: x}", "{scheduler: lc, unknown: {a: b}}",
    "{excludecidrs: [10.0.0.0/8]}", "{? scheduler : lc}", '{"scheduler": lc}', "{'schedul\u00e9r': lc}",
    "{&a scheduler: lc}", "{scheduler: &a lc, unknown: *a}", "{<<: {scheduler: lc}}", "{<<: [{scheduler: lc}], scheduler: sh}",
    "{null: x}", "{'': x}", "{1.5: x}", "{[a]: x}", "{schedulers: lc}", "{kubeProxyIPVSConfiguration: {scheduler: lc}}",
)  # fmt: skip

DOCUMENTS = (
    "", "\n", "---\n", "# nothing\n", "{}", "[]", "text", "5", "null", "kind: KubeProxyConfiguration\n",
    HEAD, "---\n" + HEAD, "---\n" + HEAD + "---\n", HEAD + "---\n", HEAD + "...\n", HEAD + "---\n" + HEAD + "mode: ipvs\n",
    HEAD + "mode: ipvs\n---\n" + HEAD, HEAD + "mode: ipvs\n---\nkind: Pod\n", "kind: Pod\n---\n" + HEAD,
    "---\n---\n" + HEAD + "mode: ipvs\n", "# note\n---\n" + HEAD + "mode: ipvs\n", "--- # note\n" + HEAD + "mode: ipvs\n",
    "\n\n" + HEAD + "mode: ipvs\n", "%YAML 1.1\n---\n" + HEAD + "mode: ipvs\n", "%YAML 1.2\n---\n" + HEAD,
    HEAD + "mode: ipvs\n--- {a: b\n", HEAD + "mode: ipvs\n---\n{a: b\n", HEAD + "mode: ipvs\n---  \n---\n",
    HEAD + "mode: ipvs\n ---\nx: 1\n", HEAD + "mode: ipvs\n----\n", "\ufeff" + HEAD + "mode: ipvs\n",
    (HEAD + "mode: ipvs\n").replace("\n", "\r\n"), (HEAD + "mode: ipvs\n").replace("\n", "\r"),
    HEAD + "mode: ipvs", HEAD + "mode:\tipvs\n", HEAD + "\tmode: ipvs\n", HEAD + "ipvs:\n\tscheduler: lc\n",
    HEAD + "mode: ipvs\nmode: iptables\n", HEAD + "mode: iptables\nmode: ipvs\n", HEAD + "mode: 5\nmode: ipvs\n",
    HEAD + "mode: ipvs\nmode: 5\n", HEAD + "kind: KubeProxyConfiguration\n", HEAD + "kind: Pod\n",
    HEAD + "Mode: ipvs\n", HEAD + "MODE: ipvs\nmode: iptables\n", HEAD + "mode: iptables\nMODE: ipvs\n",
    HEAD + "unknown: 1\nmode: ipvs\n", HEAD + "unknown: 1\nmode: 5\n", HEAD + "unknown: 1\nunknown: 2\n",
    HEAD + "mode: ipvs\nmode: ipvs\nunknown: 1\n", HEAD + "5: x\n", HEAD + "null: x\n", HEAD + "true: x\n",
    HEAD + "? mode\n: ipvs\n", HEAD + "!!str mode: ipvs\n", HEAD + "&a mode: ipvs\nbindAddress: *a\n",
    HEAD + "x: &a {scheduler: lc}\nipvs: *a\n", HEAD + "x: &a {scheduler: lc}\nipvs: {<<: *a}\n",
    HEAD + "x: &a {scheduler: lc}\nipvs: {<<: *a, scheduler: sh}\n", HEAD + "x: &a [*a]\n", HEAD + "ipvs: *none\n",
    HEAD + "mode: !custom ipvs\n", HEAD + "x: !!python/none a\n", HEAD + "x: !!set {a}\n", HEAD + "x: !!omap [a: b]\n",
    HEAD + 'mode: "ip\\x76s"\n', HEAD + "mode: 'ip\n  vs'\n", HEAD + "mode: ipvs # why\n", HEAD + "mode: ipvs#why\n",
    HEAD + "mode: a: b\n", HEAD + "mode: ipvs\n  scheduler: lc\n", HEAD + "mode: [ipvs\n", HEAD + "mode: 'ipvs\n",
    HEAD + "mode: @ipvs\n", HEAD + "mode: `ipvs`\n", HEAD + "mode: %ipvs\n", HEAD + "mode: a\x07b\n", HEAD + "mode: a\x7fb\n",
    HEAD + "- mode: ipvs\n", HEAD + "ipvs:\n- scheduler: lc\n", HEAD + "ipvs:\nscheduler: lc\n", HEAD + "x: 2001-99-99\n",
    HEAD + "x: !!int ''\n", HEAD + "x: !!timestamp x\n", HEAD + "x: {[a]: b}\n", HEAD + "x: {{a: b}: c}\n",
    HEAD + "x: " + "9" * 101 + "\n", HEAD + "x: " + "{a: " * 30 + "1" + "}" * 30 + "\n", HEAD + 'x: "\\uD83D\\uDE00"\n',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"ipvs"}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"ipvs","mode":"iptables"}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","MODE":"ipvs"}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"ipvs",}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","ipvs":{"syncPeriod":5}}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","ipvs":{"syncPeriod":null}}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","conntrack":{"min":1.0}}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","conntrack":{"min":1e3}}',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"ip\\u0076s"} x',
    '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1"}{"mode":"ipvs"}',
    "\ufeff" + '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"ipvs"}',
    '{"kind":"KubeProxyConfiguration",\n\t"apiVersion":"kubeproxy.config.k8s.io/v1alpha1",\n\t"mode":"ipvs"}',
    HEAD.replace("v1alpha1", "v1beta1"), HEAD.replace("v1alpha1", "v1"), HEAD.replace("v1alpha1", "V1alpha1"),
    HEAD.replace("kubeproxy.config.k8s.io/", ""), HEAD.replace("kubeproxy.config.k8s.io/v1alpha1", "v1"),
    HEAD.replace("kubeproxy.config", "kubelet.config"), HEAD.replace("v1alpha1", "v1alpha1/x"), HEAD.replace("Kube", "kube", 1),
    HEAD.replace("KubeProxyConfiguration", "kubeProxyConfiguration"), HEAD.replace("kind", "Kind"),
    HEAD.replace("apiVersion", "apiversion"), HEAD.replace("v1alpha1", ""), HEAD.replace("KubeProxyConfiguration", "''"),
)  # fmt: skip

MORE = (  # what readers of YAML and of JSON do not agree on, behind HEAD
    "ipvs: {scheduler: sh, <<: {scheduler: lc}}", "ipvs: {<<: [{scheduler: lc}, {scheduler: sh}]}", "ipvs: {<<: lc}",
    "ipvs: {<<: null}", "ipvs: {<<: [lc]}", "ipvs: {'<<': {scheduler: lc}}", "ipvs: {<<: {<<: {scheduler: lc}}}",
    "ipvs: {<<: {scheduler: lc}, <<: {strictARP: true}}", "ipvs: {<<: {scheduler: 5}, scheduler: sh}",
    "ipvs: {<<: {nope: lc}}", "!custom mode: ipvs", ": x", "'': x", "? [a]\n: x", "!!binary bW9kZQ==: ipvs",
    "ipvs: {!!null '': x}", "mode: ipvs\n...\nx: {", "mode: ipvs\n---x", "mode: ipvs\n--- |\n a", "mode: |\n  ipvs\n---",
    "ipvs:\n  scheduler: |-\n    a\n    ---\n    b", "ipvs:\n  scheduler: 'a\n---\n  b'", 'mode: "ipvs\t"',
    "mode:\t ipvs\t# x", "mode: ipvs\t", "ipvs: {\tscheduler:\tlc\t}", "ipvs:\n  excludeCIDRs:\n  -\t10.0.0.0/8",
    "\t\nmode: ipvs", " \t# c\nmode: ipvs", "\t# c\nmode: ipvs", "ipvs:\n \tscheduler: lc", "5: a\n5: b", "5: a\n'5': b",
    "yes: a\ntrue: b", "hostnameOverride: a\tb", "hostnameOverride: a\t\n  b", "host\tname: a", "hostnameOverride: a \t# b", "ipvs: {scheduler: !custom 5}", "ipvs: {strictARP: !custom true}", "ipvs: !custom {scheduler: lc}",
    "ipvs: !!str {scheduler: lc}", "ipvs: !!set {scheduler: lc}", "ipvs: {excludeCIDRs: !custom [10.0.0.0/8]}",
    "x: !!python/object/apply:os.system [ls]", "ipvs: {scheduler: !!bool x}", "ipvs: {strictARP: !!bool 'yes'}",
    "ipvs: {strictARP: !!str yes}", "x: !!int 5.0", "x: !!float 5", "x: !!null x", "x: !!timestamp 2020-01-01",
    "x: !!binary x", "mode: !!timestamp 2020-01-01", "ipvs: {scheduler: !!null lc}", "ipvs: {scheduler: !!merge lc}",
    "x: .inf", "x: .nan", "x: 1E400", "clientConnection: {qps: .inf}", "clientConnection: {qps: 1e39}",
    "clientConnection: {qps: 1e-50}", "oomScoreAdj: 1e30", "oomScoreAdj: 017", "oomScoreAdj: 08", "oomScoreAdj: -0b11",
    "oomScoreAdj: 0X10", "oomScoreAdj: 1_", "oomScoreAdj: 0_1", "oomScoreAdj: -0o17", "oomScoreAdj: 010.0",
    "clientConnection: {qps: 1_0.5}", "clientConnection: {qps: +.5}", "clientConnection: {qps: .5_0}",
    "clientConnection: {qps: .e3}", "clientConnection: {qps: 0x1p3}", "clientConnection: {qps: inf}",
    "ipvs: {excludeCIDRs: ['::010.0.0.0/104']}\nmode: ipvs", "ipvs: {excludeCIDRs: ['00001::/8']}\nmode: ipvs",
    "ipvs: {excludeCIDRs: ['0256.0.0.0/8']}\nmode: ipvs", "ipvs: {excludeCIDRs: ['10.0.0.0/0008']}\nmode: ipvs",
    "ipvs: {excludeCIDRs: ['10.0.0.0/\u0668']}\nmode: ipvs", "nodePortAddresses: [primary, localhost]",
    "nodePortAddresses: [all]", "nodePortAddresses: [none]", "nodePortAddresses: [localhost]",
    "logging: {options: {json: {infoBufferSize: x}}}", "logging: {options: {text: {splitStream: true}}}",
    "logging: {options: {text: {splitStream: 5}}}", "logging: {options: {xml: {}}}", "logging: {options: 5}",
    "logging: {verbosity: 4294967295}", "logging: {verbosity: 4294967296}", "logging: {flushFrequency: 5.5}",
    *(f"logging: {{{each}}}" for each in LOGGING),
    *(f"featureGates: {{{gate}}}\nlogging: {{{each}}}" for gate, each in GATED_LOGGING),
    "mode: nftables\nnftables: {minSyncPeriod: 31s}", "mode: nftables\niptables: {syncPeriod: -1s, masqueradeBit: 40}",
    "mode: iptables\nnftables: {masqueradeBit: 40}", "bindAddress: '::1%lo'", "bindAddress: '::ffff:1.2.3.4'",
    "metricsBindAddress: '[::1%lo]:1'", "metricsBindAddress: '01.2.3.4:1'", "metricsBindAddress: '1.2.3.4:+1'",
    "metricsBindAddress: '[1.2.3.4]:1'", "metricsBindAddress: '1.2.3.4:'", "metricsBindAddress: '1.2.3.4:0080'",
    "metricsBindAddress: '[]:80'", "metricsBindAddress: '1.2.3.4:-1'", "metricsBindAddress: 'x[::1]:80'",
    "featureGates: {y: true}", "featureGates: {1.50: true}",
)  # fmt: skip
_JSON = '{"kind":"KubeProxyConfiguration","apiVersion":"kubeproxy.config.k8s.io/v1alpha1"'
_FLOW = "{kind: KubeProxyConfiguration, apiVersion: kubeproxy.config.k8s.io/v1alpha1"
BRACES = (  # whole texts that begin with a brace, or nearly do
    _FLOW + ", mode: ipvs}", "\n" + _FLOW + "}", "# c\n" + _FLOW + ", mode: ipvs}", "\ufeff" + _FLOW + "}",
    "--- " + _FLOW + "}", "\t" + _JSON + "}", _JSON + ',"ipvs":{"scheduler":"lc","scheduler":"sh"}}',
    _JSON + ',"ipvs":{"scheduler":"lc","Scheduler":"sh"}}', _JSON + ',"nope":1}', _JSON + "}\n---\nx: y",
    _JSON + ',"ipvs":{"scheduler":"\\ud83d\\ude00"}}', _JSON + ',"mode":NaN}', _JSON + ',"mode":"a\tb"}',
    _JSON + ',"oomScoreAdj":-0}', _JSON + ',"oomScoreAdj":1e2}', _JSON + ',"clientConnection":{"qps":1e2}}',
    _JSON + ',"clientConnection":{"qps":1e40}}', _JSON + ',"x":1e400}', _JSON + ',"mode":null}', _JSON + "} # c",
    _JSON + ',"Kind":"Pod"}', '{"Kind":"Pod",' + _JSON[1:] + "}", _JSON + ',"ipvs":{"syncPeriod":"5s"},"mode":"ipvs"}',
    "kind: KubeProxyConfiguration\nKind: Pod\napiVersion: kubeproxy.config.k8s.io/v1alpha1\n",
    "Kind: KubeProxyConfiguration\nKIND: Pod\napiVersion: kubeproxy.config.k8s.io/v1alpha1\n",
)  # fmt: skip

FLAG_VALUES = {
    "--ipvs-scheduler": ("", "lc", "foo", "mh", " lc", "RR"),
    "--ipvs-strict-arp": ("", "true", "false", "1", "0", "t", "F", "TRUE", "True", "yes", "no", "maybe", " true"),
    "--ipvs-sync-period": ("", "0", "0s", "30", "30s", "5s", "-1s", "500ms", "1d", " 5s", ".5s", "2562048h", "1us", "1\u03bcs"),
    "--ipvs-min-sync-period": ("", "0", "0s", "1s", "5", "5s", "30s", "31s", "-1s", "1ns"),
    "--ipvs-tcp-timeout": ("", "0s", "5", "1m", "-1s", "90s", "0.5s"),
    "--ipvs-tcpfin-timeout": ("", "0s", "5", "1m", "-1s"),
    "--ipvs-udp-timeout": ("", "0s", "5", "1m", "-1s"),
    "--ipvs-exclude-cidrs": ("", "10.0.0.0/8", "10.0.0.0/8,fd00::/8", "10.0.0.0", "10.0.0.0/8,", ",", "10.0.0.0/8, ::/0",
                             '"10.0.0.0/8,fd00::/8"', '"', "10.0.0.0/8\n::/0", '10.0.0.0/8,"fd00::/8"', 'a"b'),
    "--proxy-mode": ("", "ipvs", "iptables", "nftables", "userspace", "kernelspace", "IPVS", " ipvs", "x"),
    "--feature-gates": ("", "AllAlpha=true", "AllBeta=false", "AllAlpha=false,AllBeta=true", "Nonsense=true",
                        "KubeProxyIPVS=true", "KubeProxyIPVS=false", "KubeProxyIPVS", "KubeProxyIPVS=", "KubeProxyIPVS=1",
                        "KubeProxyIPVS=x", "AllAlpha=false, AllBeta=1", ",", "AllAlpha=false,", "=true", "AllAlpha =false",
                        "AllAlpha= false", "AllAlpha=false,AllAlpha=true", "KubeProxyIPVS=false,KubeProxyIPVS=true"),
}  # fmt: skip
LINES: tuple[list[str], ...] = (
    [], ["--proxy-mode", "ipvs"], ["--proxy-mode"], ["--ipvs-scheduler"], ["-proxy-mode=ipvs"], ["--proxy_mode=ipvs"],
    ["--proxy-mode=ipvs", "--proxy-mode=iptables"], ["--ipvs-strict-arp"], ["--ipvs-strict-arp", "false"],
    ["--ipvs-strict-arp", "--proxy-mode=ipvs"], ["--", "--proxy-mode=ipvs"], ["--proxy-mode=ipvs", "--"],
    ["--proxy-mode=ipvs", "--", "--ipvs-scheduler=lc"], ["--proxy-mode=ipvs", "x"], ["x", "--proxy-mode=ipvs"],
    ["--proxy-mode", "--ipvs-scheduler=lc"],
    ["--proxy-mode=ipvs", "--ipvs-scheduler", "lc", "--ipvs-scheduler=sh"], ["--ipvs_strict_arp=1", "--proxy-mode=ipvs"],
    ["--proxy-mode=ipvs", "--ipvs-exclude-cidrs=10.0.0.0/8", "--ipvs-exclude-cidrs=fd00::/8"],
    ["--proxy-mode=ipvs", "--ipvs-exclude-cidrs", "10.0.0.0/8", "--ipvs-exclude-cidrs="],
    ["--proxy-mode=ipvs", "--ipvs-sync-period=5s", "--ipvs-min-sync-period=5s"],
    ["--proxy-mode=ipvs", "--ipvs-sync-period=500ms"], ["--proxy-mode=ipvs", "--ipvs-sync-period=500ms", "--ipvs-min-sync-period=0s"],
    ["--proxy-mode=ipvs", "--ipvs-sync-period=5s", "--ipvs-min-sync-period=6s"],
    ["--proxy-mode=iptables", "--ipvs-sync-period=0s"], ["--proxy-mode=iptables", "--ipvs-exclude-cidrs=x"],
    ["--proxy-mode=iptables", "--ipvs-sync-period=5s", "--ipvs-min-sync-period=6s"], ["--proxy-mode=ipvs", "--v=2"],
    ["--proxy-mode=ipvs", "-v", "2"], ["--proxy-mode=ipvs", "-v=2"], ["--proxy-mode=ipvs", "--iptables-sync-period=5s"],
    ["--proxy-mode=ipvs", "--iptables-min-sync-period=7s"], ["--proxy-mode=iptables", "--iptables-min-sync-period=7s"],
    ["--proxy-mode=ipvs", "--iptables-min-sync-period=7s", "--ipvs-min-sync-period=3s"],
    ["--proxy-mode=ipvs", "--ipvs-min-sync-period=3s", "--iptables-min-sync-period=7s"],
    ["--proxy-mode=ipvs", "--iptables-sync-period=1s"],
    ["--proxy-mode=ipvs", "--feature-gates=AllAlpha=true", "--feature-gates=AllAlpha=false"],
    ["--feature-gates", "KubeProxyIPVS=false", "--proxy-mode=ipvs"],
    ["--feature-gates=KubeProxyIPVS=false", "--feature-gates=KubeProxyIPVS=true", "--proxy-mode=ipvs"],
    ["--proxy-mode=ipvs", "--cluster-cidr=10.0.0.0/8"],
    ["--proxy-mode=ipvs", "--ipvs-scheduler=lc", "--kubeconfig=/none"], ["--proxy-mode=ipvs", "--masquerade-all"],
    ["--proxy-mode=ipvs", "--ipvs-tcp-timeout=1m", "--ipvs-tcpfin-timeout=2m", "--ipvs-udp-timeout=3m"],
    ["--proxy-mode=ipvs", "--hostname-override", "--ipvs-scheduler=lc"], ["--hostname-override", "--proxy-mode=ipvs"],
    ['--ipvs-exclude-cidrs="'], ['--ipvs-exclude-cidrs=a"b'], ['--ipvs-exclude-cidrs="a"b'], ['--ipvs-exclude-cidrs="a""b",c'],
    ["--ipvs-min-sync-period=", "--ipvs-min-sync-period=0"], ['--ipvs-exclude-cidrs="', "--ipvs-exclude-cidrs=10.0.0.0/8"],
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Yield every case once."""
    seen = set()
    for case in _cases():
        key = str(case)
        if key not in seen:
            seen.add(key)
            yield case


def _cases() -> Iterator[Case]:
    yield from (*DOCUMENTS, *BRACES)
    yield from (f"{HEAD}{lines}\n" for lines in MORE)
    yield from (f"{HEAD}mode: {value}\n" for value in ALL)
    for name in IPVS:
        more = DURATIONS if name in PERIODS else CIDRS if name == "excludeCIDRs" else ()
        # one period is asked in full, the others are read by the same rules
        values = (
            (*ALL, *more) if name in ("scheduler", "strictARP", "syncPeriod", "excludeCIDRs") else (*SOME, "-5s", "31s")
        )
        yield from (f"{HEAD}mode: ipvs\nipvs:\n  {name}: {value}\n" for value in values)
        yield from (
            f"{HEAD}mode: iptables\nipvs:\n  {name}: {value}\n" for value in ("5", "-5s", "31s", "x", "[x]", "[5]")
        )
    yield from (f"{HEAD}mode: ipvs\nipvs: {section}\n" for section in (*PAIRS, *SOME))
    yield from (nested(name, value) for name in OTHERS for value in SHORT)
    for name, values in VALIDATED.items():
        yield from (nested(name, value) for value in values)
    for name, values in (("iptables", VALIDATED["iptables"]), ("nftables", VALIDATED["nftables"])):
        yield from (f"{HEAD}mode: {name}\n{name}: {value}\n" for value in values)
    yield from _gated()
    for flag, words in FLAG_VALUES.items():
        yield from (
            [f"{flag}={word}"] if flag == "--proxy-mode" else ["--proxy-mode=ipvs", f"{flag}={word}"] for word in words
        )
    yield from ([*line] for line in LINES)


def nested(path: str, value: str) -> str:
    """Write a text in which the field at a path has a value; it is in ipvs mode unless the field is the mode."""
    section, dot, name = path.partition(".")
    line = (
        f"{section}: {{{name}: {value}}}"
        if dot and "\n" not in value
        else f"{section}:\n  {name}: {value}"
        if dot
        else f"{section}: {value}"
    )
    head = "\n".join(part for part in HEAD.splitlines() if not part.startswith(f"{path}:")) + "\n"
    return f"{head}{'' if path == 'mode' else 'mode: ipvs' + chr(10)}{line}\n"


def _gated() -> Iterator[Case]:
    for mode in ("ipvs", "nftables", "userspace"):
        for gates in ("KubeProxyIPVS: true", "KubeProxyIPVS: false", "NFTablesProxyMode: true", "NFTablesProxyMode: false",
                      "AllAlpha: true", "AllBeta: false", "AllBeta: true", "AllAlpha: true, AllBeta: true"):  # fmt: skip
            yield f"{HEAD}mode: {mode}\nfeatureGates: {{{gates}}}\n"
