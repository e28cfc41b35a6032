"""The simulated API server: objects, verbs, watches, exec."""
