"""The simulated nodes: kernels, kubelets, kube-proxies, the DaemonSet controller."""
