"""Artifacts: the same text every time, everything inside, nothing changed since, and signed by somebody who may."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import zeebe_fleet.bpmn
from zeebe_fleet.bpmn.tooling.artifact import artifact_of, case_artifact, read_artifact, resources_of
from zeebe_fleet.bpmn.tooling.artifact.policy import Policy, policy_of, read_policy
from zeebe_fleet.bpmn.tooling.artifact.rendering import rendered
from zeebe_fleet.bpmn.tooling.artifact.signing import new_key, public_line, sign, verify
from zeebe_fleet.bpmn.tooling.package import ProcessPackage, load_package, load_packages
from zeebe_fleet.bpmn.tooling.yaml_text import yaml_of
from zeebe_fleet.workers.contract.artifacts import Artifact
from zeebe_fleet.workers.contract.errors import DefinitionError

SHIPPED = Path(zeebe_fleet.bpmn.__path__[0])
ONBOARDING = "customer_onboarding_v1.0.0.yaml"
KEY, LINE = new_key()
OTHER_KEY, OTHER_LINE = new_key()


@pytest.fixture(scope="module")
def package() -> ProcessPackage:
    """A shipped package, with forms."""
    return load_package(SHIPPED / "customer_onboarding")


@pytest.fixture(scope="module")
def artifact(package: ProcessPackage) -> Artifact:
    """Its artifact."""
    return artifact_of(package)


@pytest.fixture(scope="module")
def signed(artifact: Artifact) -> bytes:
    """The same, signed, as it lies in a store."""
    return sign(artifact, KEY)


def policy(*publishers: dict[str, Any]) -> Policy:
    """Whose signature counts: the test's own key, unless others are said."""
    said = publishers or ({"name": "ci", "key": LINE, "may_publish": ["*"]},)
    return policy_of(yaml.safe_dump({"publishers": list(said)}).encode(), "publishers.yaml")


def test_artifacts_are_the_same_text_every_time(package: ProcessPackage, signed: bytes, tmp_path: Path) -> None:
    """Read again, from another folder, and signed again."""
    copy = load_package(Path(shutil.copytree(package.folder, tmp_path / package.folder.name)))
    assert sign(artifact_of(copy), KEY) == signed


def test_artifact_holds_all_that_is_deployed() -> None:
    """Of each shipped process the bytes that are deployed, the forms as they are, and its manifest as data."""
    for package in load_packages(SHIPPED):
        content = artifact_of(package).content
        read = read_artifact(content, f"{package.manifest.name}_v{package.manifest.version}.yaml").artifact
        assert resources_of(read) == package.resources()
        assert type(package.manifest).model_validate(read.manifest) == package.manifest
        assert read.sha256 == hashlib.sha256(content).hexdigest()
        texts = {one.name: one.text for one in read.files}
        assert all(texts[name] == (package.folder / name).read_text("utf-8") for name in package.form_files)


def test_artifact_reads_as_its_files_do(artifact: Artifact) -> None:
    """A line of the model is a line of the artifact: a diff of two artifacts is one of their models."""
    lines = artifact.content.decode().splitlines()
    model = next(one.text for one in artifact.files if one.name.endswith(".bpmn"))
    assert [line for line in model.splitlines() if f"      {line}".rstrip() not in lines] == []


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nb\n",
        "trailing \nspaces\t\n",
        "  leading\nspaces",
        "\n\nfirst lines empty\n",
        "ends in many\n\n\n",
        "no end",
        "\n",
        " ",
        "",
        "a\x85b\u2028c\u2029d\n\ufeffe",
        "😀 ü\n---\n...\n%TAG\n",
        "--- a\n",
        "# no comment\n- no list\n? no key\n",
        "yes",
        "1e3",
        "0x10",
        "2024-01-01",
        "~",
        "<<",
        "!tag",
        "&a *a",
        "a: b",
        "a #b",
        '"quoted"',
        "\x00\x1f\x7f",
        "tab\tbefore\n\ttab",
    ],
)
def test_text_is_read_as_it_was_written(text: str) -> None:
    """Whatever YAML would make of it."""
    for data in ({"a": text}, {text or "k": ["x", text]}, {"a": {"b": [{"c": text, "d": 1}]}}):
        assert yaml_of(rendered(data).encode(), "x") == data


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(_VALUES)
def test_any_data_is_read_as_it_was_written(value: Any) -> None:
    """Nothing is rounded, folded, trimmed or taken for something else."""
    assert yaml_of(rendered({"value": value}).encode(), "x") == {"value": value}


def test_content_changed_after_publishing_is_refused_by_name(signed: bytes) -> None:
    """The file that was changed is named; nothing but whitespace counts too."""
    for old, new, said in (
        (b"Take application", b"Drop application", "customer_onboarding.bpmn was changed"),
        (b'name="', b'name=" ', "customer_onboarding.bpmn was changed"),
    ):
        changed = signed.replace(old, new, 1) if old in signed else signed.replace(b"<bpmn:", b"<bpmn: ", 1)
        with pytest.raises(DefinitionError, match=f"{ONBOARDING}: {said}"):
            read_artifact(changed, ONBOARDING)


def test_content_changed_with_its_hash_is_refused_by_its_signature(artifact: Artifact, signed: bytes) -> None:
    """Whoever can write to the store can make the hashes fit; the signature is not theirs to make."""
    text = next(one for one in artifact.files if one.name.endswith(".bpmn")).text
    other = text.replace("kyc.fetch-report", "kyc.fetch-rumour")
    before, after = (hashlib.sha256(one.encode()).hexdigest().encode() for one in (text, other))
    changed = signed.replace(b"kyc.fetch-report", b"kyc.fetch-rumour").replace(before, after)
    with pytest.raises(DefinitionError, match=f"{ONBOARDING}: changed after ci signed it"):
        verify(read_artifact(changed, ONBOARDING), policy())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"artifact: zeebe-fleet/1", b"artifact: zeebe-fleet/2", "artifact: Input should be 'zeebe-fleet/1'"),
        (b"kind: process", b"kind: rumour", "kind: Input should be"),
        (b"kind: process", b"kind: case", "a case has a definition and no model"),
        (b"kind: process\n", b"kind: process\nmore: 1\n", "more: Extra inputs"),
        (b"kind: process\n", b"kind: process\nkind: process\n", ":3: 'kind' is written twice"),
        (b'version: "1.0.0"', b'version: "1.0.1"', "it is customer_onboarding 1.0.1 inside"),
        (b"name: customer_onboarding", b"name: other", "it is other 1.0.0 inside"),
        (b"kind: process", b"kind: &a process", "anchors and aliases are not taken here"),
        (b"description: ", b"description: !!python/object/apply:os.system ", "not YAML|Input should be"),
        (b"name: customer_onboarding.bpmn", b"name: ../customer_onboarding.bpmn", "files.0.name"),
        (b"name: customer_onboarding.bpmn", b"name: customer_onboarding.xml", "a process has one model; this has 0"),
        (b"---\npayloadType", b"---\nmore: 1\npayloadType", "more: Extra inputs"),
        (b"artifact+yaml", b"other+yaml", "payloadType: Input should be"),
        (b"---\npayloadType", b"---\npayloadType: x\n---\npayloadType", "not YAML"),
    ],
)
def test_artifact_that_is_none_is_refused(signed: bytes, old: bytes, new: bytes, said: str) -> None:
    """Unknown keys, another version inside, anchors, tags and paths, with the place."""
    assert old in signed
    with pytest.raises(DefinitionError, match=said):
        read_artifact(signed.replace(old, new, 1), ONBOARDING)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "artifact: Input should be"),
        (b"\xff\xfe\x00", "not YAML"),
        (b"a: " * 5_000, "not YAML|levels"),
        (b"[" * 100_000, "more than 60 levels"),
        (b"- x\n" * 300_000, "more than 200,000 keys and values"),
        (b"a: &a [x]\nb: [*a, *a]\n", "aliases|anchors"),
        (b"x" * (16 * 1024 * 1024 + 1), "larger than 16,777,216 bytes"),
        (b"case: {a: " + b":".join([b"59"] * 300_000) + b"}\n", "a number of more than 400 characters"),
        (b"case: {? " + b":".join([b"59"] * 300_000) + b" : a}\n", "a number of more than 400 characters"),
        (
            b"files:\n" + b"- {name: a.form, sha256: %b, text: ''}\n" % (b"a" * 64) * 20_000,
            "files: Tuple should have at most 500",
        ),
        (b"? " + b"k" * 8_000_000 + b"\n: 1\n", "k: Extra inputs"),
    ],
    ids=lambda one: str(one[:20]),
)
def test_artifact_that_would_cost_too_much_is_refused(content: bytes, said: str) -> None:
    """Bounded before it is made: size, depth, count, and nothing that unfolds; and nothing long is said of it."""
    begun_s = time.process_time()
    with pytest.raises(DefinitionError, match=said) as refused:
        read_artifact(content, ONBOARDING)
    assert len(str(refused.value)) < 2_000
    assert time.process_time() - begun_s < 4


def test_signature_is_read_by_others_tools(signed: bytes) -> None:
    """The envelope is DSSE: securesystemslib, which in-toto and TUF use, verifies it with the policy's key."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer._key import SSlibKey

    payload, _, envelope = signed.partition(b"\n---\n")
    data = yaml.safe_load(envelope) | {"payload": base64.b64encode(payload + b"\n").decode()}
    raw = base64.b64decode(LINE.removeprefix("ed25519:"))
    key = SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(raw))
    assert list(Envelope.from_dict(json.loads(json.dumps(data))).verify([key], 1)) == [key.keyid]


def test_signer_is_named_by_the_policy(signed: bytes) -> None:
    """By its name there, whatever else the policy has."""
    other = {"name": "ada", "key": OTHER_LINE, "may_publish": ["*"]}
    mine = {"name": "the pipeline", "key": LINE, "may_publish": ["refund", "customer_*"]}
    assert verify(read_artifact(signed, ONBOARDING), policy(other, mine)) == "the pipeline"


@pytest.mark.parametrize(
    ("publisher", "said"),
    [
        ({"name": "ada", "key": OTHER_LINE, "may_publish": ["*"]}, "signed by somebody unknown.*publishers.yaml"),
        ({"name": "ci", "key": LINE, "may_publish": []}, "ci may not publish customer_onboarding"),
        ({"name": "ci", "key": LINE, "may_publish": ["customer", "*_onboard", "onboarding"]}, "ci may not publish"),
        ({"name": "ci", "key": LINE, "may_publish": ["*"], "revoked": "stolen"}, "key of ci that is revoked: stolen"),
    ],
)
def test_signer_who_may_not_is_refused(signed: bytes, publisher: dict[str, Any], said: str) -> None:
    """Unknown, not for that name, or revoked."""
    with pytest.raises(DefinitionError, match=f"{ONBOARDING}: .*{said}"):
        verify(read_artifact(signed, ONBOARDING), policy(publisher))


def test_artifact_without_signature_is_refused(artifact: Artifact) -> None:
    """Nobody says who made it."""
    with pytest.raises(DefinitionError, match="nobody signed it"):
        verify(read_artifact(artifact.content, ONBOARDING), policy())


def test_signature_of_another_artifact_is_refused(signed: bytes) -> None:
    """Taken from an artifact that the same publisher signed."""
    case = case_artifact({"name": "refund", "version": "1.0.0", "description": "x", "steps": []})
    envelope = signed.partition(b"\n---\n")[2]
    with pytest.raises(DefinitionError, match="changed after ci signed it"):
        verify(read_artifact(case.content[:-1] + b"\n---\n" + envelope, case.file), policy())


def test_one_good_signature_of_several_counts(signed: bytes) -> None:
    """Somebody unknown may have signed too."""
    extra = b"\nsignatures:\n  - keyid: somebody\n    sig: eA==\n"
    assert verify(read_artifact(signed.replace(b"\nsignatures:\n", extra, 1), ONBOARDING), policy()) == "ci"


@pytest.mark.parametrize("key", ["", "secret", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"])
def test_key_that_is_none_is_refused_without_a_word_of_it(artifact: Artifact, key: str) -> None:
    """It may be a secret of something else."""
    with pytest.raises(DefinitionError, match="no private ed25519 key") as refused:
        sign(artifact, key)
    assert "secret" not in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "policy: Input should be"),
        ("publishers: []", "publishers: Tuple should have at least 1 item"),
        ("publishers: [{name: ci, key: x}]", "is no public key"),
        ('publishers: [{name: ci, key: "ed25519:AAAA"}]', "is no public key"),
        (f'publishers: [{{name: ci, key: "{LINE}", may: x}}]', "may: Extra inputs"),
        (f'publishers: [{{name: a, key: "{LINE}"}}, {{name: b, key: "{LINE}"}}]', "the key of two publishers"),
        (f'publishers: &a [{{name: ci, key: "{LINE}"}}]\nmore: *a', "not taken here"),
    ],
    ids=["nothing", "nobody", "no-key", "short-key", "unknown-word", "one-key-twice", "anchor"],
)
def test_policy_that_is_none_is_refused(text: str, said: str) -> None:
    """With the file and the field."""
    with pytest.raises(DefinitionError, match=f"publishers.yaml.*{said}"):
        policy_of(text.encode(), "publishers.yaml")


def test_policy_that_is_missing_is_named(tmp_path: Path) -> None:
    """Without one, nobody's signature counts."""
    with pytest.raises(DefinitionError, match=r"publishers\.yaml: No such file"):
        read_policy(tmp_path / "publishers.yaml")


def test_public_line_belongs_to_its_key() -> None:
    """Asked again, it is the same."""
    assert (public_line(KEY), public_line(OTHER_KEY)) == (LINE, OTHER_LINE)
