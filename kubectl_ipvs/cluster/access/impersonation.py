"""The headers by which one user acts as another. Pure."""

import string

from kubectl_ipvs.cluster.access.kubeconfig_entries import UserEntry

_TOKEN = frozenset(string.ascii_letters + string.digits + "!#$&'*+-.^_`|~")  # what a header's name may hold, less %


def impersonation_headers(user: UserEntry) -> tuple[tuple[str, str], ...]:
    """Return the Impersonate-* headers for a user entry; none when it names nobody to act as.

    The key of an extra is percent-encoded where a header's name cannot hold it, as the API server decodes it.
    """
    if not user.as_user:
        return ()
    uid = (("Impersonate-Uid", user.as_uid),) if user.as_uid else ()
    groups = tuple(("Impersonate-Group", group) for group in user.as_groups)
    extra = tuple(
        (f"Impersonate-Extra-{_escaped(key)}", value) for key, values in user.as_user_extra for value in values
    )
    return (("Impersonate-User", user.as_user), *uid, *groups, *extra)


def _escaped(key: str) -> str:
    return "".join(chr(b) if chr(b) in _TOKEN else f"%{b:02X}" for b in key.encode())
