"""Documents in a bucket: the same promises as a folder's, against a real S3 server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import s3
from blobs import BlobStore, FolderBlobs
from errors import Tellable, Temporary
from jobs.adapters import blobs_at
from tests.support import installation
from tests.support.bucket import bucket
from tests.support.processes import free_port


@pytest.fixture(scope="module")
def settings() -> Iterator[dict[str, str]]:
    with bucket() as found:
        yield found


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return FolderBlobs(tmp_path)
    settings = request.getfixturevalue("settings")
    return blobs_at(installation.settings(tmp_path, **settings), f"s3://receipts/{tmp_path.name}")


def test_what_was_put_comes_back_byte_for_byte(store: BlobStore) -> None:
    data = bytes(range(256)) * 9000
    key = store.put(data)
    assert key == hashlib.sha256(data).hexdigest() == store.put(data)
    assert store.get(key) == data
    assert store.has(key)
    assert not store.has("0" * 64)
    with store.open(key) as file:
        assert file.seek(0, 2) == len(data)
        file.seek(1_500_001)
        assert file.read(70_000) == data[1_500_001:1_570_001]
        file.seek(-3, 2)
        assert file.read() == data[-3:]


def test_a_writer_keeps_the_whole_or_nothing(store: BlobStore) -> None:
    with store.writer() as out:
        out.write(b"first ")
        out.write(b"second")
        key = out.done()
    assert store.get(key) == b"first second"
    with store.writer() as out:
        out.write(b"half")  # and never said to be done
    assert set(store.keys()) == {key}


def test_all_keys_are_told_and_a_young_one_is_not_forgotten(store: BlobStore) -> None:
    keys = {store.put(f"document {number}".encode()) for number in range(30)}
    assert set(store.keys()) == keys
    assert not store.forget(next(iter(keys)))
    assert set(store.keys()) == keys


def test_what_is_missing_or_no_key_is_told(store: BlobStore) -> None:
    for key in ("0" * 64, "../../etc/passwd", "A" * 64):
        with pytest.raises(Tellable) as told:
            store.get(key)
        assert told.value.code == "blob_missing"
        with pytest.raises(Tellable):
            store.open(key)


def test_a_bucket_that_does_not_answer_is_an_error_that_time_heals() -> None:
    nowhere = s3.S3Blobs(s3.connect(f"http://127.0.0.1:{free_port()}", "us-east-1", "a", "b"), "s3://receipts/x")
    with pytest.raises(Temporary) as told:
        nowhere.put(b"x")
    assert told.value.code == "blobs_unreachable"
