"""Write the Parquet and zstd files of the tests of records.

Run with `python tests/golden/records.py datasets/tests/golden/records`.
"""

import datetime
import decimal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ANSWERS = pa.struct([("text", pa.list_(pa.string())), ("answer_start", pa.list_(pa.int32()))])

COLUMNS = {
    "text": pa.array(["Great, really", "  poor ", None, "ok"]),
    "label": pa.array([1, 0, 1, 2], pa.int64()),
    "score": pa.array([0.1, -2.5, float("nan"), None], pa.float32()),
    "double": pa.array([1.0, 0.25, 1e300, 3.0]),
    "words": pa.array([["In", "Rome"], ["a"], [], None], pa.list_(pa.string())),
    "tags": pa.array([[0, 1], [3], [0], [7]], pa.list_(pa.int32())),
    "answers": pa.array([{"text": ["x"], "answer_start": [3]}] * 4, ANSWERS),
    "flag": pa.array([True, False, None, True]),
    "category": pa.array(["a", "b", "a", "b"]).dictionary_encode(),
    "day": pa.array([datetime.date(2020, 1, 2)] * 4),
    "bytes": pa.array([b"abc", b"\xff\x00", b"", None], pa.binary()),
    "price": pa.array([decimal.Decimal("1.25")] * 4, pa.decimal128(10, 2)),
}


def main() -> None:
    """Write the files into the folder that is the argument."""
    folder = Path(sys.argv[1])
    table = pa.table(COLUMNS)
    pq.write_table(table, folder / "snappy.parquet", compression="snappy", row_group_size=3)
    pq.write_table(table, folder / "gzip.parquet", compression="gzip", data_page_version="2.0")
    pq.write_table(table.select(["text", "label"]), folder / "zstd.parquet", compression="zstd")
    frames = b""
    for text in ['{"text": "a"}\n{"text": "b"}\n', '{"text": "c"}\n']:
        done = subprocess.run(["zstd", "-c"], input=text.encode(), stdout=subprocess.PIPE, check=True)
        frames += done.stdout
    (folder / "frames.jsonl.zst").write_bytes(frames)


if __name__ == "__main__":
    main()
