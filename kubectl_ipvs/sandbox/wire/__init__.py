"""HTTP and WebSocket of the simulated API server."""
