"""Where an installation keeps its documents; apart from the other adapters, for it needs none of their libraries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from blobs import BlobStore, FolderBlobs
from errors import Tellable

if TYPE_CHECKING:
    from config import Config


def blobs_at(config: Config, url: str) -> BlobStore:
    """The store at an address, file://folder or s3://bucket/prefix; nothing is asked of it yet."""
    if url.startswith("file://"):
        return FolderBlobs(Path(url.removeprefix("file://")))
    import s3  # here, for an installation with a folder needs none of it

    client = s3.connect(config.s3_endpoint, config.s3_region, config.s3_access_key, config.s3_secret_key)
    return s3.S3Blobs(client, url)


def blob_folder(config: Config) -> Path:
    """The folder of a BLOB_URL that is one; Tellable `bad_setting`."""
    if not config.blob_url.startswith("file://"):
        raise Tellable("bad_setting", "BLOB_URL must start with file:// here.", setting="BLOB_URL")
    return Path(config.blob_url.removeprefix("file://"))


def blob_store(config: Config) -> BlobStore:
    """Where this installation keeps its documents: BLOB_URL."""
    return blobs_at(config, config.blob_url)
