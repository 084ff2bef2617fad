"""Oracles: hand-written tables, pandas-free; the same numbers through every encoding and separator."""

import doctest
import math

import numpy as np
import pytest

import core.files.tables
from core.data import people
from core.errors import InvalidInput
from core.files.tables import Cells, from_csv, from_grid, read_csv
from core.lessons.hidden_layers.own_points import labelled

ROWS = people.rows()


def csv_text(separator=",", header="몸무게,키", decimal=".", end="\n"):
    lines = [header.replace(",", separator)] if header else []
    lines += [separator.join(f"{value:.1f}".replace(".", decimal) for value in row) for row in ROWS]
    return end.join(lines) + end


def codes(error):
    return [problem.code for problem in error.value.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")])
@pytest.mark.parametrize("header", ["몸무게,키", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_spelling_of_the_ten_people_is_the_same_table(encoding, separator, decimal, header, end):
    table = from_csv(csv_text(separator, header, decimal, end).encode(encoding))
    assert np.array_equal(table.values, np.array(ROWS)) and table.values.dtype == np.float64
    assert table.names == (("몸무게", "키") if header else ("x1", "x2"))
    assert np.array_equal(table.column(table.names[1]), people.HEIGHTS_CM)


def test_csv_cells_go_into_a_grid_and_come_back():
    cells = read_csv(csv_text(";", decimal=",").encode())
    assert cells.rows[0] == ("87.0", "187.0")
    assert np.array_equal(from_grid(cells.rows, cells.names).values, np.array(ROWS))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n3,4", [[1, 2], [3, 4]]),
        ("1,2,\n3,4,\n", [[1, 2], [3, 4]]),  # lines ending with a separator
        ("\n\n1,2\n\n3,4\n,\n", [[1, 2], [3, 4]]),
        ("5\n6\n7", [[5], [6], [7]]),
        ('"1,234","2"\n"12","3"', [[1234, 2], [12, 3]]),
        ('"1,5","2"\n"1,234","3"', [[1.5, 2], [1.234, 3]]),
        ("1.234,5;2\n3;4", [[1234.5, 2], [3, 4]]),
        ("sep=;\n1,5;2\n3;4", [[1.5, 2], [3, 4]]),
        ("1e3,-2.5\n+4,\u22125", [[1000, -2.5], [4, -5]]),
    ],
)
def test_numbers_as_people_write_them(text, expected):
    assert from_csv(text.encode()).values.tolist() == expected


def test_columns_can_be_picked_by_name():
    data = b"Index,Height,Gender,Weight\n1,187,M,87\n2,174,F,81"
    assert from_csv(data, "Weight", "Height").values.tolist() == [[87, 187], [81, 174]]
    with pytest.raises(InvalidInput, match="Did you mean Height"):
        from_csv(data, "Heihgt")
    with pytest.raises(InvalidInput) as error:
        from_csv(data)
    assert codes(error) == ["cell_text"] * 2


def test_twin_names_are_told_apart():
    assert read_csv(b"a,a,\n1,2,3\n4,5,6").names == ("a", "a (2)", "x3")


def test_blank_rows_are_skipped_and_numbers_of_rows_stay_those_of_the_grid():
    rows = [[None, ""], [1, 2], ["  ", math.nan], [3, "x"]]
    with pytest.raises(InvalidInput) as error:
        from_grid(rows, ["kg", "cm"])
    assert str(error.value) == "Row 4, column cm: a number is needed. Received: x."
    assert from_grid(rows[:3] + [["5", 6.5]]).values.tolist() == [[1, 2], [5, 6.5]]


def test_every_fault_is_collected_and_named():
    rows = [["tall", 1], [math.nan, 2], [1e308, 3], [None, 4], [1, 2, 3], [5, 6]]
    with pytest.raises(InvalidInput) as error:
        from_grid(rows, ["kg", "cm"])
    assert codes(error) == ["cell_text", "cell_not_finite", "cell_too_large", "cell_empty", "row_length"]
    assert [problem.values["row"] for problem in error.value.problems] == [1, 2, 3, 4, 5]
    assert all(problem.values.get("column", "kg") == "kg" for problem in error.value.problems)


def test_a_flood_of_faults_is_counted():
    with pytest.raises(InvalidInput) as error:
        from_grid([["a", "b"]] * 100)
    assert codes(error) == ["cell_text"] * 5 + ["more_problems"]
    assert error.value.problems[-1].values == {"count": 195}


@pytest.mark.parametrize("cell", ["inf", "-inf", "nan", "1e999", math.inf, 10**400, np.float64("nan")])
def test_not_finite(cell):
    with pytest.raises(InvalidInput) as error:
        from_grid([[1, 2], [cell, 3]])
    assert codes(error) == ["cell_not_finite"]


@pytest.mark.parametrize("cell", ["1_000", "0x10", "87 kg", True, "1,2,3", "٣x", [1], {"a": 1}])
def test_no_number(cell):
    with pytest.raises(InvalidInput) as error:
        from_grid([[1, 2], [cell, 3]])
    assert codes(error) == ["cell_text"]


def test_the_largest_value_is_allowed_and_the_next_is_not():
    assert from_grid([[1e9, -1e9], [0, 0]]).values.max() == 1e9
    with pytest.raises(InvalidInput, match="1e\\+09"):
        from_grid([[1.01e9, 0], [0, 0]])


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "empty"), ([[None, None]] * 3, "empty"), ([[1, 2]], "too_few"), ([[1, 2]] * 5001, "too_many"),
        ([[1, 2]] * 100_000, "too_many"), ([[1] * 51] * 2, "too_many"), ("text", "wrong_shape"), (None, "wrong_shape"),
        ([1, 2], "wrong_shape"), ([{"a": 1}], "wrong_shape"),
    ],
)  # fmt: skip
def test_bounds_of_the_whole_table(rows, code):
    with pytest.raises(InvalidInput) as error:
        from_grid(rows)
    assert codes(error) == [code]


def test_the_number_of_columns_can_be_asked_for():
    assert from_grid([[1, 2], [3, 4]], columns=2).values.shape == (2, 2)
    with pytest.raises(InvalidInput, match="N × 2"):
        from_grid([[1, 2, 3], [3, 4, 5]], columns=2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"), (b"\n ; \n", "empty"), (b"1,2\n" * 100_000, "too_many"), (b"1" * 6_000_000, "table_too_large"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe", "bad_file"), (b"\xff\xff\x80\x81,1", "bad_file"),
        (b'"' + b"x" * 200_000, "bad_file"), (b"weight,height", "too_few"),
    ],
)  # fmt: skip
def test_bad_files(data, code):
    with pytest.raises(InvalidInput) as error:
        from_csv(data)
    assert codes(error) == [code]


@pytest.mark.parametrize("fault", ["tall", "1O", "87kg", "N/A", "없음"])
def test_a_fault_in_the_first_row_is_not_taken_for_a_header(fault):
    with pytest.raises(InvalidInput, match="Row 1, column x1"):
        from_csv(f"{fault},174\n81,174\n82,179".encode())


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("월,2022,2023\n1,11,13\n2,12,14", ("월", "2022", "2023"), [[1, 11, 13], [2, 12, 14]]),
        ("2021,2022,2023\n1,2,3\n4,5,6", ("2021", "2022", "2023"), [[1, 2, 3], [4, 5, 6]]),
        ("구분,1,2\n1,4,5\n2,5,6", ("구분", "1", "2"), [[1, 4, 5], [2, 5, 6]]),
        ("2021,3\n2022,4\n2023,5", ("x1", "x2"), [[2021, 3], [2022, 4], [2023, 5]]),
        ("1,2,3\n4,5,6", ("x1", "x2", "x3"), [[1, 2, 3], [4, 5, 6]]),
        ("인구 통계\n\n키,몸무게\n170,65\n160,52", ("키", "몸무게"), [[170, 65], [160, 52]]),
        (
            "지표,인구,인구\n구분,남자,여자\n1,2,3\n4,5,6",
            ("지표 구분", "인구 남자", "인구 여자"),
            [[1, 2, 3], [4, 5, 6]],
        ),
        ("키,몸무게\n170,65,\n160,52,\n", ("키", "몸무게"), [[170, 65], [160, 52]]),  # a comma too much below
        ("키|몸무게\n170|65\n160|52", ("키", "몸무게"), [[170, 65], [160, 52]]),
        ("170 65\n160  52", ("x1", "x2"), [[170, 65], [160, 52]]),
        ("x,y\r1,2\r3,4", ("x", "y"), [[1, 2], [3, 4]]),
        ('"키\n(cm)"\t"몸무게\n(kg)"\r\n170\t65\r\n160\t52', ("키\n(cm)", "몸무게\n(kg)"), [[170, 65], [160, 52]]),
        ('"키\n(cm)";"몸무게\n(kg)"\n170;65\n160;52', ("키\n(cm)", "몸무게\n(kg)"), [[170, 65], [160, 52]]),
    ],
)
def test_tables_as_offices_and_spreadsheets_lay_them_out(text, names, rows):
    table = from_csv(text.encode())
    assert (table.names, table.values.tolist()) == (names, rows)


def test_a_comma_is_read_column_by_column():
    assert from_csv('소득,응답\n"1,204","1,3"\n"2,310","2"'.encode("cp949")).values.tolist() == [[1204, 1.3], [2310, 2]]
    assert from_grid([["1,204", "1,3"], ["2,310", 2]]).values.tolist() == [[1204, 1.3], [2310, 2]]
    with pytest.raises(InvalidInput, match="Column a: 1,5 and 1,234,567 use the comma in two ways"):
        from_csv(b'a,b\n"1,234,567",1\n"1,5",2')


def test_quoted_cells_may_go_on_in_the_next_line_and_stray_marks_may_not():
    rows = read_csv(b'text,label\n"good, really\nso, good",1\n"bad "film",0\n').rows
    assert rows == (("good, really\nso, good", "1"), ('"bad "film"', "0"))


def test_rows_in_errors_are_those_of_the_file():
    with pytest.raises(InvalidInput, match="Row 5, column b"):
        from_csv(b"a,b\n1,2\n\n\n3,x\n")


def test_labelled_points_inside_the_plane_stay_where_they_are():
    points = labelled([[1, 2, "1"], [-3.5, 4, 0], ["0,5", 1, 1.0]])
    assert points.x.tolist() == [[1, 2], [-3.5, 4], [0.5, 1]] and points.y.tolist() == [1, 0, 1]
    assert points.classes == ("0", "1") and points.centre.tolist() == [0, 0, 0] and points.scale.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("labels", "classes", "y"),
    [
        (["red", "blue", "red"], ("blue", "red"), [1, 0, 1]),
        ([-1, 1, "-1.0"], ("-1", "1"), [0, 1, 0]),
        ([10, 9, 10], ("9", "10"), [1, 0, 1]),
        (["고양이", "개", "개"], ("개", "고양이"), [1, 0, 0]),
    ],
)
def test_two_labels_of_any_kind_are_two_classes(labels, classes, y):
    points = labelled([[i, -i, label] for i, label in enumerate(labels)])
    assert points.classes == classes and points.y.tolist() == y


def test_points_outside_the_plane_are_moved_and_can_be_moved_back():
    rows = [[kg, cm, int(cm > 175)] for kg, cm in ROWS]
    points = labelled(rows, ["kg", "cm", "tall"])
    assert np.abs(points.x).max() == pytest.approx(5)
    assert points.x * points.scale[:2] + points.centre[:2] == pytest.approx(np.array(ROWS))
    flat = labelled([[100, 1, 0], [100, 2, 1]])
    assert np.isfinite(flat.x).all()


def test_regression_targets_fit_minus_one_to_one():
    rows = [[kg, cm, kg * cm] for kg, cm in ROWS]
    points = labelled(rows, task="regression")
    assert points.y.min() == -1 and points.y.max() == 1 and points.classes == ()
    assert points.y * points.scale[2] + points.centre[2] == pytest.approx([row[2] for row in rows])
    assert labelled([[0, 0, 0.5], [1, 1, -0.5]], task="regression").y.tolist() == [0.5, -0.5]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([[1, 2, "a"], [3, 4, "a"]], "one_class"), ([[1, 2, "a"], [3, 4, "b"], [5, 6, "c"]], "many_classes"),
        ([[1, 2, "a"], ["x", 4, "b"]], "cell_text"), ([[1, 2, 0], [3, 4, 1], [5, 6, None]], "cell_empty"),
        ([[1, 2, 0], [3, 4, 1], [5, 6, math.inf]], "cell_not_finite"), ([[1, 2], [3, 4]], "wrong_shape"), ([], "empty"),
        ([[1, 2, 0], [3, 4, 1], [5, 6]], "row_length"),
    ],
)  # fmt: skip
def test_labelled_faults(rows, code):
    with pytest.raises(InvalidInput) as error:
        labelled(rows)
    assert codes(error) == [code]


def test_picking_from_ragged_rows_leaves_a_gap():
    assert Cells(("a", "b"), (("1",), ("2", "3"))).pick("b").rows == (("",), ("3",))


def test_the_examples_in_the_docstrings():
    found = doctest.testmod(core.files.tables)
    assert found.attempted and not found.failed
