"""A bucket on an S3 server of the tests' own (moto): real HTTP, and requests that are signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer

import s3


@contextmanager
def bucket(name: str = "receipts", host: str = "127.0.0.1") -> Iterator[dict[str, str]]:
    """The settings of an installation whose documents lie there."""
    server = ThreadedMotoServer(ip_address=host, port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        client = s3.connect(endpoint, "us-east-1", "test-key", "test-secret")
        if not client.bucket_exists(bucket_name=name):
            client.make_bucket(bucket_name=name)
        yield {
            "BLOB_URL": f"s3://{name}/documents",
            "S3_ENDPOINT": endpoint,
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY": "test-key",
            "S3_SECRET_KEY": "test-secret",
        }
    finally:
        server.stop()
