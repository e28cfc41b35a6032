"""The only door to Kubernetes: plain values and our own errors come out, nothing of any client library does."""
