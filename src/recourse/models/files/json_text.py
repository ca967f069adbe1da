"""JSON text, read with an error in words where it is broken; and numbers as files write them."""

from __future__ import annotations

import json
import re
from typing import Any

from recourse.errors import ModelError

_MOST = 4_000_000


def read_json(text: str) -> Any:
    """Return a JSON document; raises `ModelError` where it is broken, too deep or large, or names something twice."""
    count = text.count("{") + text.count("[")
    if count > _MOST:  # each takes fifty bytes and more once read
        raise ModelError(f"JSON of {count:,} objects and lists; above {_MOST:,} it is refused.")
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ModelError(f"not valid JSON: {error}.") from None
    except RecursionError:
        raise ModelError("JSON nested too deeply.") from None
    except ModelError:
        raise
    except ValueError:  # Python reads no integer of more than 4,300 digits
        raise ModelError("not valid JSON for a model: an integer of thousands of digits.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ModelError(f"the JSON names {name[:80]!r} twice in one object; one of them would be ignored.")
            seen.add(name)
    return document


def whole(what: str, text: Any) -> int:
    """Return a whole number ≥ 0, as a file writes it: in digits and nothing else.

    >>> whole("num_trees", "12")
    12
    """
    if not re.fullmatch(r"[0-9]{1,15}", str(text)) or isinstance(text, bool):
        raise ModelError(f"{what} must be a whole number, not {str(text)[:80]!r}.")
    return int(text)
