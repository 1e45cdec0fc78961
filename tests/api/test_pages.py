"""The web app's files are served safely, its own paths get its first page, and nobody else's page may read along."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.hosts import names_of
from tests.api.field import client_of
from tests.api.test_problems import problem_of

NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "index.html").write_text("<app-root>")
    (folder / "main-5MZJ3QWA.js").write_text("let x")
    (folder / "theme.js").write_text("let y")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
async def pages(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(NOWHERE, pages=built, mqtt_websocket_url="ws://broker.example:9001/mqtt")
    async with client_of(app) as client:
        client.base_url = httpx.URL("http://localhost")
        yield client


@pytest.mark.parametrize(
    "path",
    ["/", "/index.html", "/devices/greenhouse-1", "/devices/pump-1.2", "/devices/a%2Fb", "/devices/..%2f", "/any"],
)
async def test_paths_of_the_app_get_its_first_page_which_is_never_stale(pages: httpx.AsyncClient, path: str) -> None:
    answer = await pages.get(path)
    assert answer.status_code == 200
    assert answer.text == "<app-root>"
    assert answer.headers["cache-control"] == "no-cache"
    again = await pages.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_files_named_for_their_content_are_kept_for_ever(pages: httpx.AsyncClient) -> None:
    answer = await pages.get("/main-5MZJ3QWA.js")
    assert answer.text == "let x"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert (await pages.get("/theme.js")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/missing.js", "/main-AAAAAAAA.js", "/api/v1/none", "/api", "/api/v2/devices"])
async def test_what_is_missing_is_a_problem_and_not_the_first_page(pages: httpx.AsyncClient, path: str) -> None:
    assert path in problem_of(await pages.get(path), 404)["detail"]


@pytest.mark.parametrize("path", ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "//etc/passwd", "/a%00b"])
async def test_nothing_outside_the_folder_can_be_read(pages: httpx.AsyncClient, path: str) -> None:
    answer = await pages.get(f"http://localhost{path}")
    assert "secret" not in answer.text.replace("secret.txt", "")
    assert "root:" not in answer.text


async def test_every_page_forbids_foreign_scripts_frames_and_guessing(pages: httpx.AsyncClient) -> None:
    headers = (await pages.get("/")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy, "scripts come from default-src: none inline"
    assert "connect-src 'self' ws://broker.example:9001;" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_app_learns_where_the_broker_is(pages: httpx.AsyncClient) -> None:
    assert (await pages.get("/api/v1/config")).json() == {"mqtt_websocket_url": "ws://broker.example:9001/mqtt"}


async def test_an_installation_without_the_web_app_says_how_to_build_it(tmp_path: Path) -> None:
    async with client_of(create_app(NOWHERE, pages=tmp_path / "none")) as client:
        answer = await client.get("http://localhost/")
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (503, "text/plain")
        assert "was not built" in answer.text
        assert (await client.get("/config")).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("LOCALHOST", 200),
        ("evil.example", 421),
        ("", 421),
    ],
)
async def test_on_the_loopback_only_its_own_names_are_answered(host: str, status: int) -> None:
    async with client_of(create_app(NOWHERE, hosts=names_of("127.0.0.1"))) as client:
        answer = await client.get("/config", headers={"host": host})
        assert answer.status_code == status
        if status == 421:
            assert "expected one of 127.0.0.1, [::1], localhost" in problem_of(answer, 421)["detail"]


def test_names_are_limited_where_a_browser_could_be_tricked_or_the_operator_says_so() -> None:
    assert names_of("0.0.0.0") is None  # noqa: S104
    assert "proxy.example" in (names_of("127.0.0.1", ["Proxy.example"]) or ())
    assert "proxy.example" in (names_of("0.0.0.0", ["proxy.example"]) or ())  # noqa: S104
