"""Which API server to speak to, and as whom: made out from flags, kubeconfig and environment as kubectl does it."""
