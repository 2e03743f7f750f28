"""Where a file is looked for, and what becomes of a wrong one."""

import gzip
import hashlib
import os
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from latephase.datasets.download import find
from latephase.errors import UserError

CONTENT = bytes(range(256)) * 20
SUM = hashlib.sha256(CONTENT).hexdigest()
PACKED = gzip.compress(CONTENT)
BOMB = gzip.compress(bytes(60 << 20))
NAME = "train-images-idx3-ubyte.gz"


def file(*urls):
    return {"name": NAME, "urls": list(urls), "sha256": SUM, "bytes": len(CONTENT)}


def put(folder, data, name=NAME, dataset="toy_set"):
    path = folder / dataset / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class Handler(BaseHTTPRequestHandler):
    """Serves /right, /truncated (half of what it announces), /other, /bomb, 404 for the rest."""

    def __init__(self, requests, *args):
        self.requests = requests
        super().__init__(*args)

    def do_GET(self):
        self.requests.append(self.path)
        pages = {"/right": PACKED, "/truncated": PACKED, "/other": gzip.compress(b"other")}
        pages["/bomb"] = BOMB
        if self.path not in pages:
            self.send_error(404)
            return
        body = pages[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if self.path == "/truncated" else body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, requests)) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", requests
        httpd.shutdown()
        thread.join()


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("dataset", ["toy_set", "toy-set"])
@pytest.mark.parametrize(("name", "data"), [(NAME, PACKED), (NAME[:-3], CONTENT), (NAME, CONTENT)])
def test_mirror_folder_and_file_may_be_written_either_way(tmp_path, dataset, name, data):
    put(tmp_path, data, name, dataset)
    assert find("toy_set", file(), mirror=tmp_path) == CONTENT


def test_sum_is_of_the_content_whatever_the_gzip_header_says(tmp_path):
    put(tmp_path, gzip.compress(CONTENT, compresslevel=1, mtime=7))
    assert find("toy_set", file(), mirror=tmp_path) == CONTENT


def test_mirror_comes_before_cache_and_cache_before_network(tmp_path, server):
    url, requests = server
    mirror, cache = tmp_path / "mirror", tmp_path / "cache"
    put(mirror, PACKED)
    put(cache, b"wrong")
    assert find("toy_set", file(f"{url}/right"), mirror=mirror, cache=cache) == CONTENT
    put(cache, PACKED)
    (mirror / "toy_set" / NAME).unlink()
    assert find("toy_set", file(f"{url}/right"), mirror=mirror, cache=cache) == CONTENT
    assert requests == []


def test_truncated_gzip_in_mirror(tmp_path):
    path = put(tmp_path, PACKED[: len(PACKED) // 2])
    with pytest.raises(UserError) as error:
        find("toy_set", file(), mirror=tmp_path)
    assert str(path) in one_line(error)
    assert "the gzip file is truncated" in str(error.value)


def test_altered_gzip_byte_in_mirror(tmp_path):
    data = bytearray(PACKED)
    data[len(data) // 2] ^= 0xFF
    path = put(tmp_path, bytes(data))
    with pytest.raises(UserError) as error:
        find("toy_set", file(), mirror=tmp_path)
    assert str(path) in one_line(error)


@pytest.mark.parametrize("folder", ["mirror", "cache"])
def test_wrong_content_is_an_error_and_not_skipped(tmp_path, server, folder):
    url, requests = server
    altered = b"\x01" + CONTENT[1:]
    path = put(tmp_path, gzip.compress(altered))
    with pytest.raises(UserError) as error:
        find("toy_set", file(f"{url}/right"), **{folder: tmp_path})
    text = one_line(error)
    assert str(path) in text
    assert SUM in text
    assert hashlib.sha256(altered).hexdigest() in text
    assert requests == []


GIGABYTE = 1 << 30


@pytest.mark.parametrize("place", ["mirror", "cache", "url"])
def test_a_file_that_inflates_without_end_is_left_at_its_size(
    tmp_path, server, little_memory, place
):
    """Zeros, a thousand times what they take; nothing of them stays."""
    if place == "url":
        with little_memory, pytest.raises(UserError) as error:
            find("toy_set", file(f"{server[0]}/bomb"), cache=tmp_path)
    else:
        path = put(tmp_path, BOMB)
        with little_memory, pytest.raises(UserError) as error:
            find("toy_set", file(), **{place: tmp_path})
        path.unlink()
    assert f"the content is larger than {len(CONTENT)} bytes" in one_line(error)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_without_end_is_left_soon(tmp_path, little_memory):
    path = put(tmp_path, b"")
    os.truncate(path, GIGABYTE)
    with little_memory, pytest.raises(UserError) as error:
        find("toy_set", file(), mirror=tmp_path)
    assert f"the file is larger than {len(CONTENT) + 65536} bytes" in one_line(error)


@pytest.mark.parametrize("what", ["folder", "loop", "dangling", "pipe"])
def test_what_is_no_file_in_the_mirror_is_told(tmp_path, what):
    path = tmp_path / "toy_set" / NAME
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(NAME if what == "loop" else "nowhere")
    with pytest.raises(UserError, match=f"{NAME}: is not a file; replace or remove it"):
        find("toy_set", file(), mirror=tmp_path)


def test_missing_mirror(tmp_path, server):
    url, requests = server
    with pytest.raises(UserError) as error:
        find("toy_set", file(f"{url}/right"), mirror=tmp_path / "nowhere")
    assert "nowhere" in one_line(error)
    assert requests == []


def test_no_network(tmp_path, closed_address):
    cache = tmp_path / "cache"
    with pytest.raises(UserError) as error:
        find("toy_set", file(f"{closed_address}/{NAME}"), mirror=tmp_path, cache=cache)
    text = one_line(error)
    assert NAME in text
    assert closed_address in text
    assert "<mirror>/toy_set/" in text
    assert not cache.exists()


def test_download_is_kept_in_the_cache_and_used_again(tmp_path, server):
    url, requests = server
    assert find("toy_set", file(f"{url}/right"), cache=tmp_path) == CONTENT
    assert [path.name for path in (tmp_path / "toy_set").iterdir()] == [NAME]
    assert find("toy_set", file(f"{url}/right"), cache=tmp_path) == CONTENT
    assert requests == ["/right"]


def test_download_without_a_cache(server):
    assert find("toy_set", file(f"{server[0]}/right")) == CONTENT


@pytest.mark.parametrize("page", ["truncated", "other", "absent"])
def test_failed_download_leaves_nothing_behind(tmp_path, server, page):
    url, _ = server
    with pytest.raises(UserError) as error:
        find("toy_set", file(f"{url}/{page}"), cache=tmp_path)
    assert f"{url}/{page}" in one_line(error)
    assert list(tmp_path.rglob("*")) == []


def test_next_address_is_tried_after_a_truncated_download(tmp_path, server, closed_address):
    url, requests = server
    entry = file(f"{closed_address}/right", f"{url}/truncated", f"{url}/right")
    assert find("toy_set", entry, cache=tmp_path) == CONTENT
    assert requests == ["/truncated", "/right"]


def test_interrupted_write_leaves_nothing_behind(tmp_path, server, monkeypatch):
    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr("latephase.datasets.download.os.replace", fail)
    with pytest.raises(UserError, match="disk full"):
        find("toy_set", file(f"{server[0]}/right"), cache=tmp_path)
    assert list((tmp_path / "toy_set").iterdir()) == []
