"""The byte-exact edit of kube-proxy's configuration: some ipvs fields change, every other character stays.

Comments, order, quotes, line endings, a byte order mark and a missing last newline are kept. Each change is
proved before it is returned (`proof.py`); what cannot be proved is refused. Never loads and dumps YAML.
"""

from collections.abc import Mapping

from kubectl_ipvs.errors import EditRefused
from kubectl_ipvs.proxy.config.document import configuration_document
from kubectl_ipvs.proxy.config.edit_proof import has_value, prove
from kubectl_ipvs.proxy.config.field_position import locate, refused
from kubectl_ipvs.proxy.config.fields import FIELD, NOUNS, Kind, Value
from kubectl_ipvs.proxy.config.splice import plan

_TYPES: Mapping[Kind, type] = {"name": str, "boolean": bool, "duration": str, "cidrs": tuple}


def edit(text: str, changes: Mapping[str, Value]) -> str:
    """Return the text with `ipvs.<name>` set to the value, for each name and value.

    A field that has its value already is left as it is written. Raises ConfigurationInvalid for a text that
    is not kube-proxy's configuration, EditRefused where the edit is not safe; any text is answered by one
    of the three.
    """
    for name, value in changes.items():
        text = _set(text, name, value)
    return text


def _set(text: str, name: str, value: Value) -> str:
    _refuse_value(name, value)
    document = configuration_document(text)
    if document.others:
        raise refused(name, "the text has more than one YAML document")
    if has_value(document, name, value):
        return text
    changed = plan(locate(text, document, name), value).apply(text)
    prove(text, changed, name, value)
    return changed


def _refuse_value(name: str, value: object) -> None:
    field = FIELD.get(name)
    if field is None:
        raise EditRefused(f"ipvs.{name} is not a field of kube-proxy's configuration")
    words = value if isinstance(value, tuple) else ()
    if not isinstance(value, _TYPES[field.kind]) or not all(isinstance(word, str) for word in words):
        raise EditRefused(f"ipvs.{name}: {value!r} is not a {NOUNS[field.kind]}")
