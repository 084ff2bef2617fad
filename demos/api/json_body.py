"""The JSON object that a program sends: of bounded size, and said to be one, so that no page of another site sends it unasked."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from core.errors import InvalidInput, register

register(
    {
        "body_too_large": "The request has more than {most} bytes. Send less.",
        "no_json": "The request must be a JSON object with content type application/json.",
    }
)


async def object_of(request: Request, most: int) -> dict[str, Any]:
    """The object in a request of at most ``most`` bytes. Raises InvalidInput ``no_json`` or ``body_too_large``."""
    if "application/json" not in request.headers.get("content-type", ""):
        raise InvalidInput("no_json")
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise InvalidInput("body_too_large", most=most)
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("no_json") from error
    if not isinstance(body, dict):
        raise InvalidInput("no_json")
    return body
