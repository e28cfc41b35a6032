"""Bytes to and from one API server: connections, TLS, requests, exec; our own errors come out."""
