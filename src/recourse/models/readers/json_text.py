"""JSON text, read with an error in words where it is broken."""

from __future__ import annotations

import json
from typing import Any

from recourse.errors import ModelError


def read_json(text: str) -> Any:
    """Return a JSON document; raises `ModelError` where it is broken or nested too deeply."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelError(f"not valid JSON: {error}.") from None
    except RecursionError:
        raise ModelError("JSON nested too deeply.") from None
