import errno
import hashlib
import os

import pytest

from particleforge.errors import UserError
from particleforge.store.files import atomic_write, claim_name, disk_errors, new_folder, sha256


def test_new_folder_is_created_with_its_parents_and_may_be_empty(tmp_path):
    folder = tmp_path / "a" / "b"
    assert new_folder(folder) == folder
    assert folder.is_dir()
    new_folder(folder)


@pytest.mark.parametrize("make", [lambda p: p.write_text("x"), lambda p: (p.mkdir(), (p / "x").write_text("x"))])
def test_new_folder_refuses_what_is_there(tmp_path, make):
    path = tmp_path / "there"
    make(path)
    with pytest.raises(UserError, match="there") as caught:
        new_folder(path)
    assert "another place" in caught.value.hint


def test_new_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="file"):
        new_folder(tmp_path / "file" / "inner")


def test_atomic_write_shows_only_the_whole_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_write(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")])
def test_atomic_write_leaves_the_old_file_when_it_fails(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")
    expected = UserError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS])
def test_disk_errors_name_the_path_and_the_free_space(tmp_path, number):
    path = tmp_path / "not" / "there.tif"
    with pytest.raises(UserError, match=r"there\.tif.*MiB free"), disk_errors(path):
        raise OSError(number, os.strerror(number))


def test_other_os_errors_pass(tmp_path):
    with pytest.raises(FileNotFoundError), disk_errors(tmp_path):
        (tmp_path / "missing").read_bytes()


def test_sha256_is_that_of_the_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc" * 1000)
    assert sha256(tmp_path / "x") == hashlib.sha256(b"abc" * 1000).hexdigest()


def test_claim_name_numbers_the_nameless_and_refuses_twins():
    taken: set[str] = set()
    assert claim_name("A", taken) == "A"
    assert claim_name("", taken) == "sample_000001"
    with pytest.raises(UserError, match="'a'"):
        claim_name("a", taken)


@pytest.mark.parametrize("name", ["../x", "a/b", "a:b", ".hidden", "a ", "a\n"])
def test_claim_name_refuses_what_no_file_can_be_called(name):
    with pytest.raises(UserError, match="file name"):
        claim_name(name, set())
