"""Readers are found by suffix, also those of other packages, and cost nothing before a file is opened."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from particleforge.errors import UserError
from particleforge.store import formats
from particleforge.store.formats import READERS
from particleforge.store.image_files import distinct_image_paths, image_paths, image_stem, image_suffix, image_suffixes
from particleforge.store.labels import read_labels
from particleforge.store.left_out import left_out, left_out_sentence
from particleforge.store.micrographs import open_source


def test_every_reader_says_its_suffixes():
    for name in READERS.names():
        suffixes = READERS.get(name).SUFFIXES
        assert suffixes and all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)
    assert set(image_suffixes()) >= {".tif", ".tiff", ".ome.tif", ".png", ".jpg", ".jpeg", ".ome.zarr", ".zarr"}
    assert set(image_suffixes()) >= {".dm3", ".dm4", ".ser", ".emd", ".mrc", ".mrcs", ".bmp"}


@pytest.mark.parametrize(
    ("name", "suffix", "stem"),
    [("a.ome.TIF", ".ome.tif", "a"), ("a.b.png", ".png", "a.b"), ("a.ome.zarr", ".ome.zarr", "a"), ("a.txt", "", "a")],
)
def test_the_longest_suffix_counts(tmp_path, name, suffix, stem):
    assert (image_suffix(tmp_path / name), image_stem(tmp_path / name)) == (suffix, stem)


LIBRARIES = {"tifffile", "zarr", "PIL", "imagecodecs", "h5py"}


def loaded(code, *words):
    """Libraries of image formats that are there after some code ran in a child process."""
    code += f"\nimport sys; print(sorted({LIBRARIES} & set(sys.modules)))"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True).stdout


def test_knowing_the_suffixes_loads_no_library():
    assert loaded("from particleforge.store.image_files import image_suffixes; image_suffixes()") == "[]\n"
    assert loaded("from particleforge.store.micrographs import read_micrograph") == "[]\n"


def test_a_png_loads_what_png_needs(tmp_path):
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "a.png")
    code = "import sys; from pathlib import Path; from particleforge.store.micrographs import read_micrograph\n"
    assert loaded(f"{code}read_micrograph(Path(sys.argv[1]))", str(tmp_path / "a.png")) == "['PIL']\n"


def test_opening_reads_no_pixels(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (40, 40), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[: len(whole) // 2])
    (plane,) = open_source(tmp_path / "a.png")
    with pytest.raises(UserError, match=r"a\.png cannot be read"):
        plane.read()


def test_formats_with_losses_hold_no_labels(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=r"\.jpg changes pixel values and cannot store labels. Use TIFF or PNG"):
        read_labels(tmp_path / "a.jpg")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a reader of another format, and one that is broken."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "numbers_as_text.py").write_text(
        "import numpy as np\n"
        "from particleforge.store.source import Source\n"
        "SUFFIXES = ('.numbers',)\n"
        "def open(path):\n"
        "    return Source.of(np.loadtxt(path, ndmin=2), 'YX', path, pixel_size_nm=(2.0, 2.0))\n"
    )
    about = tmp_path / "site" / "other-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[particleforge.readers]\nnumbers = numbers_as_text\nbroken = no_such_module\n"
    )
    monkeypatch.syspath_prepend(tmp_path / "site")
    for clear in (formats.by_suffix.cache_clear, _forget):
        clear()
    yield
    for clear in (formats.by_suffix.cache_clear, _forget):
        clear()


def _forget():
    from particleforge import registry

    registry._installed.cache_clear()
    READERS.__dict__.pop("_entry_points", None)


@pytest.mark.filterwarnings("ignore:The reader 'broken'")
def test_another_package_brings_a_format(installed, tmp_path):
    (tmp_path / "a.numbers").write_text("1 2 3\n4 5 6\n")
    (path,) = image_paths(tmp_path)
    (plane,) = open_source(path)
    assert (plane.name, plane.read().pixel_size_nm, plane.read().pixels.tolist()) == (
        "a",
        (2.0, 2.0),
        [[1, 2, 3], [4, 5, 6]],
    )
    (tmp_path / "a.numbers").write_text("1 2 three\n")
    with pytest.raises(UserError, match=r"a\.numbers cannot be read"):
        open_source(path)


def test_a_broken_reader_of_another_package_is_told_once(installed, tmp_path):
    with pytest.warns(RuntimeWarning, match=r"The reader 'broken' of the package other cannot be used") as told:
        image_suffixes()
        image_suffixes()
    assert len(told) == 1


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_bmp_gives_its_pixels(tmp_path, mode):
    grey = Image.fromarray(np.random.default_rng(1).integers(0, 255, (6, 7, 3), np.uint8))
    grey.convert(mode).save(tmp_path / "a.bmp")
    (plane,) = open_source(tmp_path / "a.bmp")
    found = plane.read()
    expected = grey.convert(mode).convert("RGB") if mode == "P" else grey.convert(mode)
    np.testing.assert_array_equal(found.pixels, np.asarray(expected))
    assert found.pixel_size_nm is None


def test_a_file_of_another_format_gets_a_hint(tmp_path):
    (tmp_path / "a.xyz").touch()
    with pytest.raises(UserError, match=r"a\.xyz is not an image.*\.dm4, .*Save it as TIFF, or install a napari"):
        image_paths(tmp_path / "a.xyz")


@pytest.mark.parametrize("suffix", [".dm3", ".dm4", ".ser", ".emd", ".mrc", ".bmp"])
@pytest.mark.parametrize("content", [b"", b"abc", bytes(4000), b"\xff" * 4000, bytes(range(256)) * 20])
def test_what_is_no_image_of_its_format_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.\w+ (cannot be read|holds)"):
        open_source(path)


@pytest.mark.parametrize(("kind", "wrong"), [("TIFF", "png"), ("JPEG", "tif"), ("PNG", "bmp"), ("BMP", "xyz")])
def test_the_content_counts_and_not_the_suffix(tmp_path, kind, wrong):
    pixels = Image.fromarray(np.full((6, 7), 9, np.uint8))
    path = tmp_path / f"a.{wrong}"
    pixels.save(path, format=kind)
    (found,) = image_paths(path)
    source = open_source(found)
    assert (source.name, source.remarks) == ("a", (f"a.{wrong} is read as {kind}, as its content shows.",))
    np.testing.assert_array_equal(source[0].read().pixels, pixels)


def test_a_jpeg_by_another_name_holds_no_labels(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "a.png", format="JPEG")
    with pytest.raises(UserError, match="changes pixel values"):
        read_labels(tmp_path / "a.png")


def test_names_that_cannot_be_written_are_refused(tmp_path):
    for name in ("n" * 251, "\N{CJK UNIFIED IDEOGRAPH-7C92}" * 83, "bad\udcff"):
        path = tmp_path / f"{name}.tif"
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(path)
        with pytest.raises(UserError, match=r"has \d+ bytes; files .* up to 240 bytes|is not UTF-8 text"):
            open_source(path)


def test_of_files_with_the_same_name_the_best_is_read(tmp_path):
    for name, kind in [("a.jpg", "JPEG"), ("a.tif", "TIFF"), ("a.png", "PNG"), ("b.jpg", "JPEG"), ("b.png", "PNG")]:
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / name, format=kind)
    assert [path.name for path in distinct_image_paths(tmp_path)] == ["a.tif", "b.png"]
    sentence = left_out_sentence(left_out(tmp_path))
    assert "2 .jpg" not in sentence and "1 .png file (.tif of the same name is read)" in sentence
    assert "1 .jpg file (.tif of the same name is read)" in sentence
    assert "1 .jpg file (.png of the same name is read)" in sentence
