"""A small file sent with a form (multipart/form-data, RFC 7578). Pure: bytes in, fields out.

The guard has limited the bytes; the standard library's MIME parser takes the parts apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Final

from node.errors import RefusedError

MULTIPART: Final = "multipart/form-data"
PARTS_MAX: Final = 10


def parts_of(content_type: str, body: bytes) -> Mapping[str, bytes]:
    """The fields by name, files as their bytes; raises RefusedError."""
    if content_type.partition(";")[0].strip().lower() != MULTIPART:
        raise RefusedError("malformed", f"A form with a file is sent as {MULTIPART}; send it so.")
    head = b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n"
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if not parts or len(parts) > PARTS_MAX or message.defects:
        raise RefusedError("malformed", "The form cannot be read; open the page again.")
    fields: dict[str, bytes] = {}
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes) or name in fields:
            raise RefusedError("malformed", "The form cannot be read; open the page again.")
        fields[name] = content
    return fields
