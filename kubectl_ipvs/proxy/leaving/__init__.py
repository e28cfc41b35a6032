"""Leaving IPVS mode, pure: the dates, what behaves otherwise afterwards, how far a cluster is."""
