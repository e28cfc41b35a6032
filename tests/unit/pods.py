"""A kube-proxy pod that is up, which tests of the operations change as they need it."""

from kubectl_ipvs.cluster.objects import Pod

READY = Pod(
    namespace="kube-system",
    name="kube-proxy-x",
    uid="x",
    node="n",
    image="",
    container="kube-proxy",
    ready=True,
    terminating=False,
    phase="Running",
    waiting="",
    restarts=0,
    created=0.0,
    began=0.0,
    mirror=False,
    owner="DaemonSet/kube-proxy",
)
