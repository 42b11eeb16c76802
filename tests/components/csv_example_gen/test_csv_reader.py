"""CSV files are read as typed batches, or refused with file, line, column and rule."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pyarrow as pa
import pytest

from components.csv_example_gen.csv_header import check_headers
from components.csv_example_gen.csv_reader import read_record_batches
from components.problem import DataRefusedError, Problem
from schemas.feature_table import ColumnLabel, DType, Feature, FeatureTable, Role

TABLE = FeatureTable(
    task="trips",
    label=ColumnLabel(name="label", column="tipped"),
    features=(
        Feature("fare", DType.FLOAT, "USD", "Fare.", Role.CONTEXT),
        Feature("seconds", DType.INT, "s", "Duration.", Role.CONTEXT),
        Feature("company", DType.BYTES, "", "Company.", Role.CONTEXT),
        Feature("tipped", DType.INT, "", "Label.", Role.LABEL_SOURCE),
    ),
)
HEADER = "fare,seconds,company,tipped\n"
GOOD = HEADER + "12.5,60,Elite,1\n,,,\n"


def write(path: Path, content: str | bytes) -> str:
    """Write a file and give its path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(path: str) -> pa.Table:
    """Read a file's rows."""
    return pa.Table.from_batches(read_record_batches(path, TABLE))


def refuse(path: str) -> tuple[Problem, ...]:
    """Read a file that is refused and give its problems."""
    with pytest.raises(DataRefusedError) as refusal:
        list(read_record_batches(path, TABLE))
    return refusal.value.problems


def test_columns_have_the_table_types_and_empty_cells_are_null(tmp_path: Path) -> None:
    """A float is float32, an integer int64, a text binary, and an empty cell null in each."""
    table = read(write(tmp_path / "data.csv", GOOD))

    assert table.schema == pa.schema(
        {"fare": pa.float32(), "seconds": pa.int64(), "company": pa.binary(), "tipped": pa.int64()}
    )
    assert table.to_pylist() == [
        {"fare": 12.5, "seconds": 60, "company": b"Elite", "tipped": 1},
        {"fare": None, "seconds": None, "company": None, "tipped": None},
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.rstrip("\n").encode() + b"\n\n",
        GOOD.replace(",,,", '"","","",""').encode(),
        GOOD.replace("60", " 60 ").encode(),
    ],
    ids=["byte order mark", "CRLF", "blank line", "quoted empty cells", "padded number"],
)
def test_harmless_variants_read_the_same(tmp_path: Path, content: bytes) -> None:
    """Variants that mean the same rows are read as the same rows."""
    plain = read(write(tmp_path / "plain.csv", GOOD))

    assert read(write(tmp_path / "variant.csv", content)) == plain


def test_gzip_is_read_by_suffix(tmp_path: Path) -> None:
    """A .csv.gz holds the same rows as the .csv it was made from."""
    plain = read(write(tmp_path / "data.csv", GOOD))

    assert read(write(tmp_path / "data.csv.gz", gzip.compress(GOOD.encode()))) == plain


def test_quoted_cells_may_span_lines(tmp_path: Path) -> None:
    """A line break, a comma and an escaped quote inside quotes belong to the cell."""
    table = read(write(tmp_path / "data.csv", HEADER + '1,2,"a\nb, ""c""",0\n3,4,d,1\n'))

    assert table["company"].to_pylist() == [b'a\nb, "c"', b"d"]


def test_columns_may_stand_in_any_order_and_unknown_ones_pass_as_text(tmp_path: Path) -> None:
    """Types go by name; a column that the table does not know is binary."""
    table = read(write(tmp_path / "data.csv", "tipped,zone,fare,company,seconds\n1,07,2,x,3\n"))

    assert table.to_pylist() == [
        {"tipped": 1, "zone": b"07", "fare": 2.0, "company": b"x", "seconds": 3}
    ]


def test_types_do_not_depend_on_where_a_block_is_cut(tmp_path: Path) -> None:
    """Small blocks give the same rows as one large block, in the same order."""
    generator = random.Random(7)
    rows = [f"{generator.choice(['', 1, 2.25])},{n},c{n % 3},{n % 2}\n" for n in range(500)]
    path = write(tmp_path / "data.csv", HEADER + "".join(rows))
    batches = list(read_record_batches(path, TABLE, block_bytes=512))

    assert len(batches) > 5
    assert pa.Table.from_batches(batches).combine_chunks() == read(path).combine_chunks()


@pytest.mark.parametrize("cell", ["", "NULL", "NaN"])
def test_only_an_empty_text_cell_is_missing(tmp_path: Path, cell: str) -> None:
    """NULL and NaN in a text column are texts."""
    table = read(write(tmp_path / "data.csv", HEADER + f"1,2,{cell},0\n"))

    assert table["company"].to_pylist() == [cell.encode() or None]


@pytest.mark.parametrize(
    ("row", "rule", "column"),
    [
        ("abc,60,x,1", "text in a numeric column", "fare"),
        ("1,0x1F,x,1", "text in a numeric column", "seconds"),
        ("1,NA,x,1", "text in a numeric column", "seconds"),
        ('"1,5",60,x,1', "text in a numeric column", "fare"),
        (" ,60,x,1", "text in a numeric column", "fare"),
        ("NaN,60,x,1", "non-finite number", "fare"),
        ("-inf,60,x,1", "non-finite number", "fare"),
        ("1,Infinity,x,1", "non-finite number", "seconds"),
        ("1e39,60,x,1", "number out of range", "fare"),
        ("1e999,60,x,1", "number out of range", "fare"),
        ("1,9223372036854775808,x,1", "number out of range", "seconds"),
        ("1,-9223372036854775809,x,1", "number out of range", "seconds"),
        ("1,60.0,x,1", "not a whole number", "seconds"),
        ("1,60,x\0y,1", "NUL byte", "company"),
        (b"1,60,x\xff,1", "not UTF-8", "company"),
        ("1,60,x", "ragged row", None),
        ("1,60,x,1,2", "ragged row", None),
        ('1,60,"x,1', "unbalanced quote", None),
        ('1,60,"x"y\nz",1', "unbalanced quote", None),
    ],
    ids=ascii,
)
def test_a_bad_row_is_refused_with_its_line(
    tmp_path: Path, row: str | bytes, rule: str, column: str | None
) -> None:
    """The problem names file, physical line and column, and says it all in one line."""
    spanning = '1,2,"a\nb",0\n'
    bad = row.encode() if isinstance(row, str) else row
    path = write(tmp_path / "data.csv", (HEADER + spanning + "\n").encode() + bad + b"\n1,2,c,0\n")
    (problem, *_) = refuse(path)

    assert (problem.rule, problem.file, problem.line, problem.column) == (rule, path, 5, column)
    assert path in problem.message
    assert "line 5" in problem.message
    assert "\n" not in problem.message


def test_two_lost_quotes_do_not_swallow_a_row(tmp_path: Path) -> None:
    """Quotes that pair up across rows are refused, not read as one long cell."""
    path = write(tmp_path / "data.csv", HEADER + '1,60,"x,1\n2,60,"y,1\n')
    (problem,) = refuse(path)

    assert (problem.rule, problem.line) == ("unbalanced quote", 2)


def test_a_lone_quote_inside_a_cell_is_text(tmp_path: Path) -> None:
    """An inch sign does not open a quoted cell."""
    table = read(write(tmp_path / "data.csv", HEADER + '1,60,5" pipe,1\n'))

    assert table["company"].to_pylist() == [b'5" pipe']


def test_the_first_twenty_problems_are_listed(tmp_path: Path) -> None:
    """The list of problems is cut short."""
    path = write(tmp_path / "data.csv", HEADER + "x,1,c,0\n" * 50)

    assert [problem.line for problem in refuse(path)] == list(range(2, 22))


def test_a_problem_far_into_the_file_has_its_exact_line(tmp_path: Path) -> None:
    """Lines are counted across blocks."""
    lines = ["1,60,Elite,1"] * 400_000
    lines[345_678] = "1,60,Elite,x"
    path = write(tmp_path / "data.csv", HEADER + "\n".join(lines))
    (problem,) = refuse(path)

    assert (problem.line, problem.column, problem.value) == (345_680, "tipped", "'x'")


@pytest.mark.parametrize(
    ("content", "rule", "column"),
    [
        ("", "empty file", None),
        ("\ufeff", "empty file", None),
        (HEADER, "no rows", None),
        (HEADER.strip(), "no rows", None),
        (HEADER + "\n\n", "no rows", None),
        ("\n" + GOOD, "blank header", None),
        (GOOD.replace(",", ";"), "missing header", None),
        ("1,2,c,0\n3,4,d,1\n", "missing header", None),
        (GOOD.replace("seconds,", ""), "missing column", "seconds"),
        (GOOD.replace("company", "fare"), "duplicated column", "fare"),
        ("," + HEADER + "0,1,2,c,0\n", "unnamed column", None),
        (GOOD.encode("utf-16"), "not UTF-8", None),
        (gzip.compress(GOOD.encode()), "not UTF-8", None),
        ('"fare,seconds\n1,2\n', "unbalanced quote", None),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_bad_header_or_no_rows_is_refused(
    tmp_path: Path, content: str | bytes, rule: str, column: str | None
) -> None:
    """A file without good header and rows is refused by rule."""
    path = write(tmp_path / "data.csv", content)
    (problem, *_) = refuse(path)

    assert (problem.rule, problem.file, problem.column) == (rule, path, column)
    assert path in problem.message
    assert "\n" not in problem.message


@pytest.mark.parametrize("misspelt", ["Fare", " fare", "fares", "faer"])
def test_a_misspelt_column_is_asked_for(tmp_path: Path, misspelt: str) -> None:
    """The closest unknown name is offered."""
    (problem,) = refuse(write(tmp_path / "data.csv", GOOD.replace("fare", misspelt)))

    assert (problem.column, problem.value) == ("fare", misspelt)
    assert f"did you mean {misspelt!r}" in problem.message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", gzip.compress((HEADER + "1,2,c,0\n" * 99).encode(), mtime=0)[:-12]),
        ("plain.csv.gz", GOOD.encode()),
        ("header.csv.gz", gzip.compress(GOOD.encode())[:5]),
    ],
    ids=["cut", "not gzip", "cut in its header"],
)
def test_bad_gzip_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """A gzip file that is truncated, or is none, cannot be read."""
    (problem,) = refuse(write(tmp_path / name, content))

    assert problem.rule == "unreadable file"


def test_a_missing_file_and_a_directory_are_refused(tmp_path: Path) -> None:
    """What cannot be opened is refused with the system's reason."""
    (missing,) = refuse(str(tmp_path / "none.csv"))
    (directory,) = refuse(str(tmp_path))

    assert (missing.rule, directory.rule) == ("unreadable file", "unreadable file")
    assert missing.value == "No such file or directory"


def test_files_read_together_need_the_same_columns(tmp_path: Path) -> None:
    """Another order is fine, another column is not."""
    first = write(tmp_path / "a.csv", GOOD)
    reordered = write(tmp_path / "b.csv", "tipped,company,seconds,fare\n1,x,2,3\n")
    longer = write(tmp_path / "c.csv", "fare,seconds,company,tipped,zone\n1,2,c,0,z\n")
    check_headers([first, reordered], TABLE)

    with pytest.raises(DataRefusedError) as refusal:
        check_headers([first, reordered, longer], TABLE)

    (problem,) = refusal.value.problems
    assert (problem.rule, problem.file, problem.column) == ("different headers", longer, "zone")
