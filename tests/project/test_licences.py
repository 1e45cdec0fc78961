"""What is shipped or served with Fieldline comes under licences that ask nothing of those who run it as a service."""

import json
import re
from importlib import metadata

from packaging.requirements import Requirement

from tests.project.documents import read

REFUSED = re.compile(r"AGPL|Affero|SSPL|Server Side Public|Commons Clause|BUSL|Business Source", re.IGNORECASE)


def closure(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """The installed distributions that one needs to run, itself included."""
    found, waiting = set[tuple[str, frozenset[str]]](), [(name, extras)]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        try:
            needed = [Requirement(text) for text in metadata.requires(one[0]) or []]
        except metadata.PackageNotFoundError:
            continue  # for another platform
        found.add(one)
        for extra in one[1] | {""}:
            wanted = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": extra})]
            waiting += [(each.name.lower(), frozenset(each.extras)) for each in wanted]
    return {name for name, _ in found}


def licence(name: str) -> str:
    """Everything that the distribution says of it, without long texts."""
    about = metadata.metadata(name)
    said = [*(about.get_all("License-Expression") or []), *(about.get_all("License") or [])]
    classifiers = [text for text in about.get_all("Classifier") or [] if text.startswith("License ::")]
    return " ".join([*(text[:500] for text in said), *classifiers])


def test_no_python_package_has_a_licence_that_reaches_over_the_network() -> None:
    found = {name: licence(name) for name in closure("fieldline")}
    assert {"fastapi", "asyncpg", "pydantic-core", "greenlet"} <= set(found)
    assert {name: said for name, said in found.items() if REFUSED.search(said)} == {}


def test_no_package_of_the_web_app_has_one_either() -> None:
    lock = json.loads(read("web/package-lock.json"))["packages"]
    found = {name: str(entry.get("license", "")) for name, entry in lock.items() if name and not entry.get("dev")}
    assert "node_modules/uplot" in found
    assert {name: said for name, said in found.items() if not said or REFUSED.search(said)} == {}


def test_such_a_licence_is_found() -> None:
    assert REFUSED.search("GNU Affero General Public License v3")
    assert REFUSED.search("SSPL-1.0")
    assert not REFUSED.search("MIT OR Apache-2.0")
