"""Class lists as Canvas, Moodle and spreadsheets write them."""

import pytest

from autograder.term.export.classlist import ClassList, NoClassList


@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbfStudent;name\r\nada;"M\xc3\xbcller; A"\r\n\r\n;;\r\nbob;B\r\n',
        "student\tname\nada\tMüller; A\nbob\tB".encode("utf-16"),
        "STUDENT,name\n ada ,Müller; A\nbob,B\n,\n".encode(),
        '\n"student","name"\n"ada","Müller; A"\n"bob",B'.encode(),
        "student,name\rada,Müller; A\rbob,B\r".encode(),
        'sep=;\r\nstudent;name\r\nada;"Müller; A"\r\nbob;B\r\n'.encode(),
    ],
    ids=["Excel", "UTF-16 with tabs", "spaces and empty lines", "quotes", "old Mac", "a line for the separator"],
)
def test_class_lists_of_many_kinds(tmp_path, data):
    (tmp_path / "list.csv").write_bytes(data)
    found = ClassList.read(tmp_path / "list.csv").identified({"ada", "bob"}, "", ["student"])
    assert [(found.student(row), row["name"]) for row in found.rows] == [("ada", "Müller; A"), ("bob", "B")]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "lists no student"),
        (b"student,name\n", "lists no student"),
        ("student\nMüller".encode("latin-1"), "is not UTF-8 (byte 9); save it as 'CSV UTF-8'"),
        (b'student,name\n"ada,x', "is no CSV file"),
        (b"student,name\nada,x,y\nbob,x\ncleo,x,y,z", "more cells than column names in lines 2, 4"),
        (b"student,name\n\n\nada,x,y", "more cells than column names in line 4"),
        (b"x" * 200_000, "is no CSV file: field larger than field limit"),
        (b"student,Student\nada,x\nbob,y", "has 2 columns 'student'; remove all but one"),
        (b"name,mail\nada,x\nbob,y", "has none of the columns student, but name, mail"),
    ],
)
def test_a_class_list_that_cannot_be_used_is_said_to_be_so(tmp_path, data, said):
    (tmp_path / "list.csv").write_bytes(data)
    with pytest.raises(NoClassList) as error:
        ClassList.read(tmp_path / "list.csv").identified({"ada", "bob"}, "", ["student"])
    assert said in str(error.value)
