"""UBJSON, as XGBoost writes it: documents that are cut short or lie about their sizes are refused."""

from __future__ import annotations

import pytest

import recourse as rs
from recourse.models.readers.ubjson import read_ubjson


@pytest.mark.parametrize(
    "data",
    [
        b"{L\0\0\0\0\0\0\0\1a[$d#L\0\0\0\1\0\0\0\0}",  # 4 billion numbers
        b"{L\0\0\0\0\0\0\0\1a[#L\0\0\0\1\0\0\0\0Z}",
        b"{L\0\0\0\0\x7f\0\0\0a",
        b"{i\1a" + b"[" * 500,
        b"{i\1a[$",
        b"{i\xff",
        b"{i\1aq}",
        b"{i\1aZ}Z",
    ],
)
def test_ubjson_that_claims_more_than_it_holds_is_refused(tmp_path, data):
    file = tmp_path / "model.ubj"
    file.write_bytes(data)
    with pytest.raises(rs.ModelError, match="UBJSON"):
        rs.load_model(file)


def test_a_list_in_ubjson_without_a_size_reads_too():
    assert read_ubjson(b"{i\1a[i\5TFZSi\2hi[]]}") == {"a": [5, True, False, None, "hi", []]}
