"""Files that are no kubeconfig."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.cluster.access.connection import connect
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.errors import KubeconfigError


def failure(text: str, folder: Path) -> str:
    """Return what is said about a kubeconfig of this text, less the words that name it."""
    path = folder / "config"
    path.write_text(text)
    with pytest.raises(KubeconfigError) as caught:
        connect(ConnectionOptions(kubeconfig=str(path)), {})
    problem = str(caught.value)
    assert "S3CRET" not in problem
    assert problem.startswith(f'error loading config file "{path}"')
    return problem.removeprefix(f'error loading config file "{path}"')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [\nb: c: d", "yaml: line 2, column 5: "),
        ("a:\n\t- S3CRET-key", "yaml: line 2, column 1: found character"),
        ("a: \x01", "yaml: not text, or control characters in it"),
        ("- a", "is a list where a mapping is expected"),
        ("S3CRET-token", "is text where a mapping is expected"),
    ],
)
def test_malformed_yaml_is_named_by_line_and_column(tmp_path: Path, text: str, expected: str) -> None:
    """A file that is no YAML mapping is an error with its place, and never shows the text around it."""
    problem = failure(text, tmp_path).lstrip(": ")

    assert problem.startswith(expected)  # libyaml and PyYAML word the rest differently


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    """A file in another encoding is refused, not a crash."""
    (tmp_path / "config").write_bytes(b"\xff\xfe\x00a")

    with pytest.raises(KubeconfigError, match="yaml: not text, or control characters in it"):
        connect(ConnectionOptions(), {"KUBECONFIG": str(tmp_path / "config")})


YAML_WORDS = (
    *"[]{}&*!|>-:?'\"%@` \n\t,",
    "users",
    "- name: ",
    "!!int ",
    "!!bool ",
    "!!timestamp ",
    "<<: ",
    "0",
    "\x00",
)


@given(st.binary(max_size=60) | st.lists(st.sampled_from(YAML_WORDS), max_size=20).map(lambda w: "".join(w).encode()))
def test_any_file_gives_a_connection_or_our_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever bytes a kubeconfig holds, no other exception than ours comes out."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(content)

    with pytest.raises(KubeconfigError):
        connect(ConnectionOptions(kubeconfig=str(path)), {})
