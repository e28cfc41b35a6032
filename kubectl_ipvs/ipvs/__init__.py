"""The kernel's IPVS table, pure: both its formats read and summed up; the catalogue of schedulers.

Bytes and values in, values out. Nothing here opens a file, starts a process or speaks to a server, and no
input makes it raise: what cannot be read is handed back as unparsed lines.
"""
