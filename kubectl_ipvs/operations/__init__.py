"""What we do, one use case a file: ask the cluster, decide with the core, tell the cluster.

Values come out; nothing is printed.
"""
