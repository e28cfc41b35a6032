"""The byte-exact edit: what is refused, because it could mean more than it says or cannot be proved."""

import pytest

from kubectl_ipvs.errors import ConfigurationInvalid, EditRefused
from kubectl_ipvs.proxy.config.edit import edit
from kubectl_ipvs.proxy.config.edit_proof import prove
from kubectl_ipvs.proxy.config.fields import Value

KIND = "kind: KubeProxyConfiguration\n"
UNSAFE = "ipvs.scheduler cannot be edited safely: "

LC: dict[str, Value] = {"scheduler": "lc"}
TWO: dict[str, Value] = {"excludeCIDRs": ("10.0.0.0/8", "fd00::/8")}
NONE: dict[str, Value] = {"excludeCIDRs": ()}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (KIND + "---\nx: y\n", "the text has more than one YAML document"),
        (KIND + "apiVersion: x/v1alpha2\n", 'apiVersion "x/v1alpha2" may keep it elsewhere'),
        ("%YAML 1.1\n---\n" + KIND, "the text has a % directive"),
        ("--- &a\n" + KIND, "the document has an anchor or a tag (line 1, column 5)"),
        (
            "--- !!map\n" + KIND,
            "the document has an anchor or a tag (line 1, column 5)",
        ),
        (KIND + "mode: a\nmode: b\n", "the key mode is there twice (line 3, column 1)"),
        (KIND + "ipvs:\n  x: 1\n  x: 2\n", "the key x is there twice (line 4, column 3)"),
        (KIND + "ipvs:\nipvs:\n", "the key ipvs is there twice (line 3, column 1)"),
        (
            KIND + "x: &a {}\n<<: *a\n",
            "a merge key (<<) stands beside it (line 3, column 1)",
        ),
        (
            KIND + "ipvs:\n  <<: {}\n  x: y\n",
            "a merge key (<<) stands beside it (line 3, column 3)",
        ),
        (KIND + "ipvs: text\n", "ipvs is not a mapping (line 2, column 7)"),
        (KIND + "ipvs: [a]\n", "ipvs is not a mapping (line 2, column 7)"),
        (KIND + "ipvs: &a\n  x: y\n", "ipvs has an alias, an anchor or a tag (line 2, column 1)"),
        (
            KIND + "x: &a {x: y}\nipvs: *a\n",
            "ipvs has an alias, an anchor or a tag (line 3, column 1)",
        ),
        (
            KIND + "&a ipvs: {}\n",
            "the key ipvs has an alias, an anchor or a tag (line 2, column 1)",
        ),
        (
            KIND + "ipvs:\n  x: y\n  !!str scheduler: rr\n",
            "the key scheduler has an alias, an anchor or a tag (line 4, column 3)",
        ),
        (
            "x: &a ipvs\n" + KIND + "*a : {}\n",
            "the key ipvs has an alias, an anchor or a tag (line 1, column 4)",
        ),
        (
            KIND + "ipvs:\n  scheduler: &a rr\n",
            "scheduler has an alias, an anchor or a tag (line 3, column 3)",
        ),
        (
            KIND + "ipvs:\n  scheduler: &a\n",
            "scheduler has an alias, an anchor or a tag (line 3, column 3)",
        ),
        (
            KIND + "ipvs:\n  scheduler: !!str rr\n",
            "scheduler has an alias, an anchor or a tag (line 3, column 3)",
        ),
        (
            KIND + "x: &a rr\nipvs:\n  scheduler: *a\n",
            "scheduler has an alias, an anchor or a tag (line 4, column 3)",
        ),
        (KIND + "ipvs:\n  scheduler: [rr]\n", "its value is a list (line 3, column 14)"),
        (KIND + "ipvs:\n  scheduler: {}\n", "its value is a mapping (line 3, column 14)"),
        (
            KIND + "ipvs:\n  scheduler: |\n    rr\n",
            "its value goes over several lines (line 3, column 14)",
        ),
        (
            KIND + "ipvs:\n  scheduler: >\n    rr\n",
            "its value goes over several lines (line 3, column 14)",
        ),
        (
            KIND + "ipvs:\n  scheduler: rr\n    wrr\n",
            "its value goes over several lines (line 3, column 14)",
        ),
        (KIND + "ipvs:\n  ? scheduler\n", "its key has no colon (line 4, column 1)"),
        (KIND + "ipvs: {scheduler}\n", "its key has no colon (line 2, column 17)"),
        (
            KIND + "? ipvs\n: x: y\n",
            "the result would not be readable",
        ),
        (
            "kind: |-\n  KubeProxyConfiguration\n",
            "the result would not be readable",
        ),
        ("mode: x\nKind: KubeProxyConfiguration\n", "the key kind is not plain text"),
        (
            KIND + "ipvs:\n  scheduler: " + "r" * 300 + "\n",
            "the change would be too long",
        ),
    ],
)
def test_what_could_mean_more_is_refused(text: str, reason: str) -> None:
    """Where an edit could mean more than it says, the reason and the place are named, and a way round it."""
    with pytest.raises(EditRefused) as caught:
        edit(text, LC)

    assert (str(caught.value), "kubectl edit configmap" in caught.value.hint) == (UNSAFE + reason, True)


@pytest.mark.parametrize("wanted", [TWO, NONE])
@pytest.mark.parametrize(
    "value",
    [
        " [\n  # c\n  1.0.0.0/8]",
        "\n  - 1.0.0.0/8 # c\n  - 2.0.0.0/8",
        "\n  - 1.0.0.0/8\n  # c\n  - 2.0.0.0/8",
        "\n  - 1.0.0.0/8\n  - 2.0.0.0/8 # c",
        "\n  - - 1.0.0.0/8",
        "\n  - &a 1.0.0.0/8",
        "\n  - |\n    1.0.0.0/8",
        "\n  - 1.0.0.0\n    /8",
        " !!seq\n  - 1.0.0.0/8",
    ],
)
def test_lists_that_would_lose_something_are_refused(value: str, wanted: dict[str, Value]) -> None:
    """Comments between items, and items that are more than text, are not thrown away."""
    with pytest.raises(EditRefused, match=r"ipvs.excludeCIDRs cannot be edited safely"):
        edit(f"{KIND}ipvs:\n  excludeCIDRs:{value}\n", wanted)


@pytest.mark.parametrize("depth", range(100, 300, 40))
def test_deep_nesting_raises_nothing_else(depth: int) -> None:
    """However deep the rest of a document goes, the edit is right, refused or invalid."""
    text = KIND + "x: " + "{a: [" * depth + "]}" * depth + "\n"

    try:
        changed = edit(text, LC)
    except (EditRefused, ConfigurationInvalid):
        return

    assert changed == text.replace(KIND, KIND + "ipvs:\n  scheduler: lc\n")


def test_a_list_is_not_emptied_over_a_comment() -> None:
    """A comment between the key and its first item stays, so the list cannot become []."""
    with pytest.raises(EditRefused, match=r"a comment stands before its list \(line 4, column 3\)"):
        edit(KIND + "ipvs:\n  excludeCIDRs: # c\n  - 1.0.0.0/8\n", NONE)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("Scheduler", "lc", "ipvs.Scheduler is not a field of kube-proxy's configuration"),
        ("scheduler", True, "ipvs.scheduler: True is not a name"),
        ("strictARP", "true", "ipvs.strictARP: 'true' is not a boolean"),
        ("excludeCIDRs", "::/0", "ipvs.excludeCIDRs: '::/0' is not a list of CIDRs"),
        ("excludeCIDRs", (1,), "ipvs.excludeCIDRs: (1,) is not a list of CIDRs"),
    ],
)
def test_values_that_do_not_fit_are_refused(name: str, value: Value, problem: str) -> None:
    """A field that does not exist, and a value of a wrong type, are refused before anything is read."""
    with pytest.raises(EditRefused) as caught:
        edit(KIND, {name: value})

    assert str(caught.value) == problem


@pytest.mark.parametrize("text", ["", "- a\n", "kind: Pod\n", KIND + "ipvs:\n\tscheduler: rr\n", "\x00", "{a: " * 1000])
def test_what_is_no_configuration_is_invalid(text: str) -> None:
    """A text that cannot be read is invalid, not merely refused."""
    with pytest.raises(ConfigurationInvalid):
        edit(text, LC)


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("ipvs: [\n", "the result would not be readable"),
        ("ipvs:\n  scheduler: lc\n  x: y\n---\na\n", "the result would not have the new value"),
        ("mode: ipvs\n", "the result would not have the new value"),
        ("ipvs: lc\n", "the result would not have the new value"),
        ("ipvs:\n  scheduler: [lc]\n  x: y\n", "the result would not have the new value"),
        ("ipvs:\n  scheduler: lc\n  x: 1\n", "the result would change more than this field"),
        ("ipvs:\n  scheduler: lc\n", "the result would change more than this field"),
        ("ipvs:\n  scheduler: lc\n  x: 'y'\nmode:\n", "the result would change more than this field"),
        ("#" * 257 + "\nipvs:\n  scheduler: lc\n  x: y\n", "the change would be too long"),
    ],
)
def test_proof_refuses(new: str, reason: str) -> None:
    """The proof accepts no text that says anything else, or differs in a long span."""
    with pytest.raises(EditRefused, match=reason):
        prove(KIND + "ipvs:\n  scheduler: rr\n  x: y\n", KIND + new, "scheduler", "lc")


@pytest.mark.parametrize(
    ("value", "written"), [(True, "'true'"), ("1s", "1"), ((), "null"), (("1",), "[1]"), (("1",), '"1"')]
)
def test_proof_is_strict_about_types(value: Value, written: str) -> None:
    """The text "true" is not the boolean, null is not the empty list."""
    name = {str: "syncPeriod", bool: "strictARP", tuple: "excludeCIDRs"}[type(value)]

    with pytest.raises(EditRefused, match="the result would not have the new value"):
        prove(KIND, f"{KIND}ipvs:\n  {name}: {written}\n", name, value)


def test_proof_keeps_json() -> None:
    """What was JSON has to be JSON afterwards, even where YAML says the same."""
    # a byte order mark makes YAML of it for kube-proxy, but not for others
    old = '\ufeff{"kind": "KubeProxyConfiguration", "ipvs": {"scheduler": "rr"}}'

    with pytest.raises(EditRefused, match="the result would not be JSON any more"):
        prove(old, old.replace('"rr"', "lc"), "scheduler", "lc")
